/**
 * The tensors that a model of the architecture llama, or of a relative, has to have: names and dimensions follow from its
 * form. Kept in the order of `load_arch_tensors` in llama.cpp's src/models/llama.cpp, with what its relatives add.
 *
 * Dimensions are in the order of the file, the row first: a matrix [in, out] maps `in` elements to `out`.
 */
import type { SkepError } from '#protocols/wire/error';
import type { ModelForm } from './architecture.js';
import { integerTypes } from './format.js';
import type { GgufTensor } from './read.js';

/** What a tensor is expected to be. */
interface Expected {
  readonly name: string;
  readonly dims: readonly number[];
  /** A norm, a bias or a factor: ggml computes with these in F32 alone, and ends the process at another type. */
  readonly plain: boolean;
  readonly optional: boolean;
}

/** Types that tensors have while ggml computes, and never in a file; and F64, which no product takes. */
const unfit: ReadonlySet<string> = new Set([...integerTypes, 'F64', 'Q8_1', 'Q8_K']);

/**
 * Holds the tensors of a file against the form of its model. Tensors beyond the set are let through unless they belong
 * to a block that the model does not have: llama.cpp says so itself when it does not know them.
 */
export function checkTensorSet(
  form: ModelForm,
  vocabulary: number,
  tensors: readonly GgufTensor[],
  bad: (what: string) => SkepError,
): void {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const expected of expectedTensors(form, vocabulary, byName)) {
    const tensor = byName.get(expected.name);
    if (tensor !== undefined) checkTensor(tensor, expected, bad);
    else if (!expected.optional) throw bad(`the tensor ${expected.name} is missing`);
  }
  for (const { name } of tensors) {
    const block = Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0);
    if (block >= form.blocks) throw bad(`the tensor ${name} is of a block behind the ${form.blocks} of block_count`);
  }
}

function checkTensor({ name, dims, type }: GgufTensor, expected: Expected, bad: (what: string) => SkepError): void {
  // A file may leave out or add dimensions of one element at the end.
  const rank = Math.max(dims.length, expected.dims.length);
  for (let index = 0; index < rank; index += 1) {
    if ((dims[index] ?? 1) === (expected.dims[index] ?? 1)) continue;
    throw bad(`the tensor ${name} is ${dims.join(' x ')}, expected ${expected.dims.join(' x ')}`);
  }
  if (expected.plain ? type.name !== 'F32' : unfit.has(type.name)) {
    throw bad(`the tensor ${name} is of type ${type.name}, expected ${expected.plain ? 'F32' : 'a type of weights'}`);
  }
}

type ByName = ReadonlyMap<string, GgufTensor>;

function* expectedTensors(form: ModelForm, vocabulary: number, byName: ByName): Generator<Expected> {
  const { embedding, keyLength, blocks } = form;
  yield matrix('token_embd.weight', embedding, vocabulary);
  yield plain('output_norm.weight', embedding);
  // Without it the embedding of the tokens is taken again.
  yield { ...matrix('output.weight', embedding, vocabulary), optional: true };
  yield { ...plain('output.bias', vocabulary), optional: true };
  for (const name of ['rope_freqs', 'rope_factors_long', 'rope_factors_short']) {
    yield { ...plain(`${name}.weight`, keyLength / 2), optional: true };
  }
  for (let block = 0; block < blocks; block += 1) {
    yield* attentionTensors(form, `blk.${block}`, byName);
    yield* feedForwardTensors(form, `blk.${block}`);
  }
}

function* attentionTensors(form: ModelForm, block: string, byName: ByName): Generator<Expected> {
  const { architecture, embedding, keyLength, valueLength } = form;
  const query = (form.heads[0] ?? 0) * keyLength;
  const key = (form.headsKv[0] ?? 0) * keyLength;
  const value = (form.headsKv[0] ?? 0) * valueLength;
  yield plain(`${block}.attn_norm.weight`, embedding);
  const parts: readonly (readonly [string, number])[] = byName.has(`${block}.attn_qkv.weight`)
    ? [['attn_qkv', query + key + value]]
    : [
        ['attn_q', query],
        ['attn_k', key],
        ['attn_v', value],
      ];
  for (const [name, size] of parts) {
    yield matrix(`${block}.${name}.weight`, embedding, size);
    yield { ...plain(`${block}.${name}.bias`, size), optional: true };
  }
  if (architecture === 'qwen3') {
    yield plain(`${block}.attn_q_norm.weight`, keyLength);
    yield plain(`${block}.attn_k_norm.weight`, keyLength);
  }
  yield matrix(`${block}.attn_output.weight`, (form.heads[0] ?? 0) * valueLength, embedding);
  yield { ...plain(`${block}.attn_output.bias`, embedding), optional: true };
}

function* feedForwardTensors({ embedding, feedForward, experts }: ModelForm, block: string): Generator<Expected> {
  const hidden = feedForward[0] ?? 0;
  yield plain(`${block}.ffn_norm.weight`, embedding);
  if (experts > 0) {
    yield matrix(`${block}.ffn_gate_inp.weight`, embedding, experts);
    yield { ...matrix(`${block}.ffn_gate_exps.weight`, embedding, hidden, experts), optional: true };
    yield matrix(`${block}.ffn_down_exps.weight`, hidden, embedding, experts);
    yield matrix(`${block}.ffn_up_exps.weight`, embedding, hidden, experts);
    return;
  }
  yield matrix(`${block}.ffn_gate.weight`, embedding, hidden);
  yield matrix(`${block}.ffn_down.weight`, hidden, embedding);
  yield matrix(`${block}.ffn_up.weight`, embedding, hidden);
  yield { ...plain(`${block}.ffn_gate.bias`, hidden), optional: true };
  yield { ...plain(`${block}.ffn_down.bias`, embedding), optional: true };
  yield { ...plain(`${block}.ffn_up.bias`, hidden), optional: true };
}

function matrix(name: string, ...dims: readonly number[]): Expected {
  return { name, dims, plain: false, optional: false };
}

function plain(name: string, size: number): Expected {
  return { name, dims: [size], plain: true, optional: false };
}
