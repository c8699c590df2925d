/** Estimates of memory, beside figures that llama.cpp printed for models that are known. */
import { join } from 'node:path';
import t from 'tap';
import { checkGguf, type GgufFacts } from '#actors/inference/gguf/check';
import { estimateMemory } from '#actors/inference/gguf/memory';
import { bytesOf, sampleFolder } from './sample-model.js';

const MiB = 1024 * 1024;
const sample = join(sampleFolder(t), 'model.gguf');
await bytesOf(sample);
const sound = await checkGguf(sample);

/** Facts of a model of a form, with heads of 128 elements. */
function known(
  form: Pick<GgufFacts, 'blocks' | 'embedding' | 'heads' | 'headsKv' | 'feedForward' | 'vocabulary'>,
): GgufFacts {
  return { ...sound, ...form, kvElements: form.blocks * form.headsKv * 2 * 128 };
}

const llama8b = known({
  blocks: 32,
  embedding: 4_096,
  heads: 32,
  headsKv: 8,
  feedForward: 14_336,
  vocabulary: 128_256,
});
const llama70b = known({
  blocks: 80,
  embedding: 8_192,
  heads: 64,
  headsKv: 8,
  feedForward: 28_672,
  vocabulary: 128_256,
});
const commandR = known({
  blocks: 40,
  embedding: 8_192,
  heads: 64,
  headsKv: 64,
  feedForward: 22_528,
  vocabulary: 256_000,
});

t.test('keys and values take what llama.cpp says for models that are known', async (t) => {
  const kv = (facts: GgufFacts, contextTokens: number, sequences = 1): number =>
    estimateMemory(facts, { contextTokens, sequences }).kvBytes / MiB;
  t.equal(kv(llama8b, 2_048), 256);
  t.equal(kv(llama70b, 2_048), 640);
  t.equal(kv(commandR, 2_048), 2_560);
  t.equal(kv(llama8b, 2_048, 4), 1_024, 'each sequence has its own');
  t.equal(kv(llama8b, 2_000), 256, 'padded to 256 tokens');
});

t.test('the buffer of the graph is that of the logits, or of attention without its flash form', async (t) => {
  const compute = (flashAttention: boolean, contextTokens: number): number =>
    estimateMemory(llama8b, { contextTokens, sequences: 1, flashAttention }).computeBytes / MiB;
  // llama.cpp prints 258.50 MiB for the graph, and half a MiB for the output.
  t.ok(compute(true, 512) >= 258.5 && compute(true, 512) < 270, `${compute(true, 512)}`);
  t.ok(compute(false, 8_192) > compute(true, 8_192));
  // 32 heads x 512 tokens x 8,192 keys x 4 bytes are the scores alone.
  t.ok(compute(false, 8_192) > 512);
});

t.test('weights are those of the file, and the total is the sum', async (t) => {
  const estimate = estimateMemory(sound, { contextTokens: 64, sequences: 2, batchTokens: 16 });
  t.equal(estimate.weightsBytes, sound.weightsBytes);
  t.equal(estimate.kvBytes, 2 * 256 * sound.kvElements * 2);
  t.equal(estimate.totalBytes, estimate.weightsBytes + estimate.kvBytes + estimate.computeBytes);
});
