/**
 * Models with random weights, for tests and benchmarks that need a real model and do not care what it says. The same
 * seed and shape give the same file. Their vocabulary is the 256 bytes, a few merges, and the control tokens of ChatML,
 * so that any bytes may come out of them, half characters and all.
 */
import { access, rename } from 'node:fs/promises';
import {
  type BytePairVocabulary,
  byteAlphabet,
  llamaMetadata,
  type LlamaShape,
  llamaTensors,
} from '#actors/inference/gguf/llama-draft';
import { writeGguf } from '#actors/inference/gguf/write';
import { seededRandom } from '#runtime/clock/random';

/** Loads in some ten milliseconds and draws thousands of tokens a second. */
export const tinyShape = { embedding: 64, blocks: 2, heads: 4, headsKv: 4, feedForward: 128, contextTokens: 4_096 };
/** About 26 million weights: what a processor computes is most of what a token costs. */
export const smallShape = { embedding: 512, blocks: 8, heads: 8, headsKv: 8, feedForward: 1_408, contextTokens: 4_096 };

/** Writes a model of that shape; `spread` is the deviation of its weights: the larger, the surer it is of its tokens. */
export async function writeRandomModel(
  path: string,
  shape: Omit<LlamaShape, 'vocabulary'> = tinyShape,
  { seed = 1, spread = 0.08 }: { readonly seed?: number; readonly spread?: number } = {},
): Promise<void> {
  const vocabulary = bytesVocabulary();
  const full: LlamaShape = { ...shape, vocabulary: vocabulary.tokens.length };
  const random = seededRandom(seed);
  await writeGguf(path, {
    metadata: llamaMetadata('random', full, vocabulary),
    tensors: llamaTensors(full).map(({ name, dims, norm }) => ({
      name,
      dims,
      type: norm ? 'F32' : 'F16',
      data: (piece: Float32Array) => {
        for (let at = 0; at < piece.length; at += 1) piece[at] = norm ? 1 : gaussian(random) * spread;
      },
    })),
  });
}

/**
 * Writes a model where there is none of that name yet: large ones take seconds. Contenders may want it at one moment, so
 * each writes its own, and the last to be done is the one that stays.
 */
export async function ensureRandomModel(path: string, shape: Omit<LlamaShape, 'vocabulary'>): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const own = `${path}.${process.pid}`;
  await writeRandomModel(own, shape, { spread: 0.02 });
  await rename(own, path);
}

function bytesVocabulary(): BytePairVocabulary {
  const pairs = ['t h', 'h e', 'i n', 'e r', 'a n', 'o n', 'r e', 'e n'];
  const tokens = [...byteAlphabet(), ...pairs.map((pair) => pair.replace(' ', '')), '<|im_start|>', '<|im_end|>'];
  const [bos, eos] = [tokens.length - 2, tokens.length - 1];
  return { tokens, merges: pairs, control: new Set([bos, eos]), bos, eos };
}

/** Box and Muller (1958), one of the two values. */
function gaussian(random: { next(): number }): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
