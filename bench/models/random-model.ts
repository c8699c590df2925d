/**
 * Models with weights drawn at random, of any size: what they answer is noise, and what it costs to compute is what a
 * trained model of that form costs. Written as a stream, so that the size of the disk is the only bound.
 *
 *     await writeRandomModel('25m.gguf', { blocks: 8, embedding: 384, heads: 6, vocabulary: 8_192 });
 */
import { type GgufDraft, writeGguf } from '#actors/inference/gguf/write';
import {
  byteAlphabet,
  type BytePairVocabulary,
  llamaMetadata,
  type LlamaShape,
  llamaTensors,
} from '#actors/inference/gguf/llama-draft';

/** What to write. */
export interface RandomModelOptions {
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: number;
  /** Default: as many as heads. */
  readonly headsKv?: number;
  /** Default: 8/3 of the embedding, rounded up to a multiple of 32. */
  readonly feedForward?: number;
  /** Tokens, at least 259: all bytes and three for the chat template. Default 512. */
  readonly vocabulary?: number;
  /** Default 4,096. */
  readonly contextTokens?: number;
  /** The same seed gives the same bytes; default 1. */
  readonly seed?: number;
  /** Type of the matrices; default F16. */
  readonly type?: 'F32' | 'F16';
}

/**
 * Writes a model and gives the size of its file in bytes.
 * @throws SkepError OUTPUT_UNWRITABLE when the file cannot be written; RangeError when no model can have that form.
 */
export async function writeRandomModel(path: string, options: RandomModelOptions): Promise<number> {
  const shape = shapeOf(options);
  const draw = uniform(options.seed ?? 1);
  const tensors = llamaTensors(shape).map(({ name, dims, norm }) => {
    // A variance of one over the inputs keeps numbers in bounds through any number of blocks.
    const [inputs = 1] = dims;
    const spread = Math.sqrt(12 / inputs);
    const data = (piece: Float32Array): void => {
      for (let at = 0; at < piece.length; at += 1) piece[at] = norm ? 1 : spread * (draw() - 0.5);
    };
    return { name, dims, type: norm ? ('F32' as const) : (options.type ?? 'F16'), data };
  });
  const draft: GgufDraft = { metadata: llamaMetadata('random', shape, vocabularyOf(shape.vocabulary)), tensors };
  return await writeGguf(path, draft);
}

function shapeOf(options: RandomModelOptions): LlamaShape {
  const { blocks, embedding, heads, headsKv = heads, vocabulary = 512, contextTokens = 4_096 } = options;
  const feedForward = options.feedForward ?? Math.ceil((embedding * 8) / 3 / 32) * 32;
  if (embedding % (2 * heads) !== 0) throw new RangeError(`an embedding of ${embedding} has no ${heads} even heads`);
  if (heads % headsKv !== 0) throw new RangeError(`${heads} heads cannot share ${headsKv} of keys and values`);
  if (vocabulary < 259) throw new RangeError(`a vocabulary of ${vocabulary} has no room for 256 bytes and 3 controls`);
  return { blocks, embedding, heads, headsKv, feedForward, vocabulary, contextTokens };
}

/**
 * All bytes, then sequences of two letters, three, and so on, each made of a shorter one and a letter by a merge: text
 * becomes about as many tokens as by a real vocabulary of that size.
 */
function vocabularyOf(size: number): BytePairVocabulary {
  const letters = [...'etaoinshrdlucmfwypvbgkjqxz'];
  const tokens = [...byteAlphabet()];
  const merges: string[] = [];
  let stems = letters;
  while (tokens.length < size - 3) {
    const longer: string[] = [];
    for (const stem of stems) {
      for (const letter of letters) {
        if (tokens.length + longer.length >= size - 3) break;
        merges.push(`${stem} ${letter}`);
        longer.push(stem + letter);
      }
    }
    for (const token of longer) tokens.push(token);
    stems = longer;
  }
  const bos = tokens.length;
  tokens.push('<|endoftext|>', '<|im_start|>', '<|im_end|>');
  return { tokens, merges, control: new Set([bos, bos + 1, bos + 2]), bos, eos: bos + 2 };
}

/** Numbers from 0 to 1 by xorshift32 (Marsaglia 2003): quick, and as good as weights that mean nothing need. */
function uniform(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
