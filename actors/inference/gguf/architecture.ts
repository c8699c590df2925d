/**
 * What the keys of an architecture say of the model's form, and the conditions between them on which llama.cpp relies:
 * where it has a `GGML_ASSERT`, a file that breaks it ends the process that loads it, so it is refused here
 * (load_hparams of llama-model.cpp, the graph of src/models/llama.cpp, ggml_rope and rms_norm of ggml).
 */
import type { SkepError } from '#protocols/wire/error';
import { limits } from './format.js';
import type { Keys } from './keys.js';

/** The form of a model. Counts that may differ between blocks are given for each. */
export interface ModelForm {
  readonly architecture: string;
  /** Tokens that the model was trained for. */
  readonly contextTokens: number;
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: readonly number[];
  readonly headsKv: readonly number[];
  /** Elements of a key and of a value, each of one head. */
  readonly keyLength: number;
  readonly valueLength: number;
  readonly feedForward: readonly number[];
  /** Feed-forward networks of which each token takes some; 0: one, for all tokens. */
  readonly experts: number;
}

/**
 * Architectures with exactly the tensors of llama, but for those that `tensor-set.ts` knows as their own. Of all others
 * only the keys are checked. Mistral, Mixtral, TinyLlama and many more are of the architecture llama.
 */
export const llamaRelatives: ReadonlySet<string> = new Set([
  'llama',
  'qwen2',
  'qwen3',
  'internlm2',
  'smollm3',
  'granite',
]);

/** What `general.type` calls files that are no models by themselves. */
const companions: ReadonlySet<string> = new Set(['adapter', 'imatrix', 'mmproj', 'vocab']);

/** More than any model has, and little enough for products of two to be exact. */
const width = { least: 1, most: 1 << 24 };
const ropeScalings: ReadonlySet<string> = new Set(['none', 'linear', 'yarn', 'longrope']);

/** Reads the form. @throws what `bad` makes of a key that is missing, mistyped, or at odds with another. */
export function readForm(keys: Keys, bad: (what: string) => SkepError): ModelForm {
  const architecture = keys.required(keys.text('general.architecture'), 'general.architecture');
  const kind = keys.text('general.type') ?? 'model';
  if (companions.has(kind)) throw bad(`it is no model but "${kind}" (general.type)`);
  const strict = llamaRelatives.has(architecture);
  const name = (key: string): string => `${architecture}.${key}`;
  const whole = (key: string, bounds = width): number => keys.required(keys.whole(name(key), bounds), name(key));
  const contextTokens = whole('context_length', { least: 1, most: 2 ** 31 - 1 });
  const embedding = whole('embedding_length');
  const blocks = whole('block_count', { least: 1, most: limits.blocks });
  const perBlock = (key: string, least: number): readonly number[] | undefined =>
    keys.perBlock(name(key), blocks, { least, most: width.most });
  // Blocks without attention have no heads; in a relative of llama none is without.
  const heads = keys.required(perBlock('attention.head_count', strict ? 1 : 0), name('attention.head_count'));
  const headsKv = perBlock('attention.head_count_kv', strict ? 1 : 0) ?? heads;
  const feedForward = perBlock('feed_forward_length', strict ? 1 : 0) ?? (strict ? undefined : heads.map(() => 0));
  const most = Math.max(...heads);
  const form = {
    architecture,
    contextTokens,
    blocks,
    embedding,
    heads,
    headsKv,
    feedForward: keys.required(feedForward, name('feed_forward_length')),
    keyLength: keys.whole(name('attention.key_length'), width) ?? share(embedding, most),
    valueLength: keys.whole(name('attention.value_length'), width) ?? share(embedding, most),
    experts: keys.whole(name('expert_count'), { least: 0, most: 4_096 }) ?? 0,
  };
  checkHeads(form, bad);
  checkExperts(form, keys, bad);
  checkNumbers(architecture, keys, bad);
  if (strict) checkLlama(form, keys, bad);
  return form;
}

/** Elements of a head where no key says it. */
function share(embedding: number, heads: number): number {
  return heads === 0 ? 0 : embedding / heads;
}

function checkHeads({ architecture, embedding, heads, headsKv, keyLength, valueLength }: ModelForm, bad: Bad): void {
  if (!Number.isInteger(keyLength) || !Number.isInteger(valueLength)) {
    throw bad(
      `${architecture}.embedding_length is ${embedding}, which its ${Math.max(...heads)} heads (attention.head_count) do not divide`,
    );
  }
  heads.forEach((count, block) => {
    const kv = headsKv[block] ?? 0;
    if (kv > 0 && count % kv !== 0) {
      throw bad(`${architecture}.attention.head_count is ${count}, which head_count_kv ${kv} does not divide`);
    }
  });
}

function checkExperts({ architecture, experts, blocks }: ModelForm, keys: Keys, bad: Bad): void {
  const key = `${architecture}.expert_used_count`;
  const used = Math.max(...(keys.perBlock(key, blocks, { least: 0, most: 4_096 }) ?? [0]));
  if (experts === 0 ? used !== 0 : used < 1 || used > experts) {
    throw bad(`${key} is ${used} where ${architecture}.expert_count is ${experts}`);
  }
}

/** Numbers that every architecture may have and that no sound file has out of bounds. */
function checkNumbers(architecture: string, keys: Keys, bad: Bad): void {
  const positive = { least: Number.MIN_VALUE, most: 1e30 };
  for (const key of ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']) {
    keys.float(`${architecture}.${key}`, { least: 0, most: 1 });
  }
  keys.float(`${architecture}.rope.freq_base`, positive);
  keys.float(`${architecture}.rope.scaling.factor`, { least: 0, most: 1e30 });
  const scaling = keys.text(`${architecture}.rope.scaling.type`);
  if (scaling !== undefined && !ropeScalings.has(scaling)) {
    throw bad(`${architecture}.rope.scaling.type is "${scaling}", expected none, linear, yarn or longrope`);
  }
}

/** What the graph of llama takes for granted. */
function checkLlama(form: ModelForm, keys: Keys, bad: Bad): void {
  const { architecture, heads, headsKv, feedForward, keyLength, valueLength } = form;
  for (const [key, counts] of Object.entries({
    'attention.head_count': heads,
    'attention.head_count_kv': headsKv,
    feed_forward_length: feedForward,
  })) {
    if (counts.some((count) => count !== counts[0])) throw bad(`${architecture}.${key} differs between blocks`);
  }
  if (keyLength !== valueLength) throw bad(`the keys have ${keyLength} elements a head, the values ${valueLength}`);
  if (keyLength % 2 !== 0)
    throw bad(`a head has ${keyLength} elements, an odd number, which cannot be rotated in pairs`);
  keys.whole(`${architecture}.rope.dimension_count`, { least: keyLength, most: keyLength });
  const epsilon = `${architecture}.attention.layer_norm_rms_epsilon`;
  keys.required(keys.float(epsilon, { least: 0, most: 1 }), epsilon);
}

type Bad = (what: string) => SkepError;
