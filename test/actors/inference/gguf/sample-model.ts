/**
 * A small sound model that tests damage: 2 blocks of 8 elements, 4 heads of 2 elements that share 2 of keys and values,
 * 300 tokens. A test changes the draft before it is written, or the bytes behind that.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GgufScalar, GgufValue } from '#actors/inference/gguf/format';
import { byteAlphabet, llamaMetadata, type LlamaShape, llamaTensors } from '#actors/inference/gguf/llama-draft';
import { type TensorDraft, writeGguf } from '#actors/inference/gguf/write';

export const sampleShape: LlamaShape = {
  embedding: 8,
  blocks: 2,
  heads: 4,
  headsKv: 2,
  feedForward: 12,
  vocabulary: 300,
  contextTokens: 64,
};

/** A draft that a test may change. */
export interface SampleDraft {
  readonly metadata: Map<string, GgufValue>;
  readonly tensors: TensorDraft[];
}

/** A sound model of a form. */
export function sampleDraft(shape: LlamaShape = sampleShape): SampleDraft {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const pairs = letters
    .flatMap((first) => letters.map((second) => [first, second] as const))
    .slice(0, shape.vocabulary - 259);
  const bos = 256 + pairs.length;
  const vocabulary = {
    tokens: [...byteAlphabet(), ...pairs.map((pair) => pair.join('')), '<|endoftext|>', '<|im_start|>', '<|im_end|>'],
    merges: pairs.map((pair) => pair.join(' ')),
    control: new Set([bos, bos + 1, bos + 2]),
    bos,
    eos: bos + 2,
  };
  const tensors = llamaTensors(shape).map(({ name, dims, norm }, index): TensorDraft => {
    const elements = dims.reduce((product, dim) => product * dim, 1);
    const data = Float32Array.from({ length: elements }, (_, at) => (norm ? 1 : Math.sin(index + at) / 4));
    return { name, dims, type: norm ? 'F32' : 'F16', data };
  });
  return { metadata: llamaMetadata('sample', shape, vocabulary), tensors };
}

/** A value for a draft. */
export function value(type: Exclude<GgufValue['type'], 'array'>, of: GgufScalar): GgufValue {
  return { type, value: of };
}

/** Replaces a tensor of a draft. */
export function replace(draft: SampleDraft, name: string, change: Partial<TensorDraft>): void {
  const index = draft.tensors.findIndex((tensor) => tensor.name === name);
  const tensor = draft.tensors[index];
  if (tensor === undefined) throw new Error(`the draft has no tensor ${name}`);
  const { dims } = { ...tensor, ...change };
  const elements = dims.reduce((product, dim) => product * dim, 1);
  draft.tensors[index] = { ...tensor, data: new Float32Array(elements), ...change };
}

/** A folder that a test has for itself. */
export function sampleFolder(t: { teardown(handler: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'skep-gguf-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a draft and gives its bytes. */
export async function bytesOf(path: string, draft: SampleDraft = sampleDraft()): Promise<Buffer> {
  await writeGguf(path, draft);
  return await readFile(path);
}
