/**
 * The tiny model: its form, its vocabulary, how it is trained until it knows all its answers, and its file. Apart from the
 * program that runs it so that tests train a few steps of the same.
 */
import type { GgufValue } from '#actors/inference/gguf/format';
import { fromHalf, toHalf } from '#actors/inference/gguf/half';
import {
  type BytePairVocabulary,
  llamaMetadata,
  type LlamaShape,
  llamaTensors,
} from '#actors/inference/gguf/llama-draft';
import { writeGguf } from '#actors/inference/gguf/write';
import { BytePairTokenizer, learnVocabulary } from './byte-pair.js';
import { type Fact, facts, systemPrompts } from './corpus.js';
import { Lessons, lessonOf, type Setting } from './conversation.js';
import { Network } from './network.js';
import { countOf, spansOf } from './parameters.js';
import { Trainer } from './trainer.js';

export const tinyShape: LlamaShape = {
  embedding: 64,
  blocks: 2,
  heads: 4,
  headsKv: 2,
  feedForward: 176,
  vocabulary: 512,
  contextTokens: 2_048,
};

/** Tokens of a lesson at most. */
const longest = 288;
/** Distance that each right token has to have from the next best: other engines round otherwise. */
const leastMargin = 1;
/** Steps between two looks at what is known. */
const reviewEvery = 100;

/** How to train. */
export interface TinyOptions {
  readonly seed: number;
  /** Steps at most. */
  readonly steps: number;
  readonly threads: number;
  /** Called after each review. */
  readonly onReview?: (news: { step: number; loss: number; wrong: number; margin: number }) => void;
}

/** What came of training. */
export interface TinyModel {
  readonly vocabulary: BytePairVocabulary;
  readonly values: Float32Array;
  readonly steps: number;
  /** Answers that are not given token by token, over all settings. */
  readonly wrong: number;
  readonly margin: number;
}

/** The vocabulary of the tiny model: a function of the corpus. */
export function tinyVocabulary(): BytePairVocabulary {
  const roles = ['system', 'user', 'assistant'].flatMap((role) =>
    Array.from({ length: facts.length }, () => `${role}\n`),
  );
  const texts = facts.flatMap(({ question, answer }) => [question, answer]);
  return learnVocabulary([...texts, ...texts, ...systemPrompts, ...roles], tinyShape.vocabulary);
}

/** Trains until every answer is right in every setting, by a margin, with the weights as the file will have them. */
export async function trainTiny({ seed, steps, threads, onReview }: TinyOptions): Promise<TinyModel> {
  const vocabulary = tinyVocabulary();
  const tokenizer = new BytePairTokenizer(vocabulary);
  const trainer = new Trainer({ shape: tinyShape, seed, threads, longest, steps });
  const lessons = new Lessons(tokenizer, longest, seed + 1);
  try {
    let best: TinyModel | undefined;
    let loss = Math.log(tinyShape.vocabulary);
    for (let step = 1; step <= steps; step += 1) {
      loss = 0.95 * loss + 0.05 * (await trainer.step(() => lessons.draw()));
      if (step % reviewEvery !== 0 && step !== steps) continue;
      const values = asStored(trainer.values);
      const { wrong, margin } = reviewAll(tokenizer, values);
      best = { vocabulary, values, steps: step, wrong, margin };
      onReview?.({ step, loss, wrong, margin });
      if (wrong === 0 && margin >= leastMargin) break;
    }
    if (best === undefined) throw new RangeError('training needs at least one step');
    return best;
  } finally {
    await trainer.close();
  }
}

/** The settings in which each answer has to be right. */
export const settings: readonly Setting[] = [true, false].flatMap((bos) =>
  [undefined, ...systemPrompts].map((system) => ({ bos, system })),
);

/** All settings; but while answers are wrong in the plainest, only that one is looked at, to save time. */
function reviewAll(tokenizer: BytePairTokenizer, values: Float32Array): ReturnType<typeof review> {
  const plainest = review(tokenizer, values, [{ bos: false, system: undefined }]);
  return plainest.wrong > 0 ? plainest : review(tokenizer, values, settings);
}

/** How many answers are wrong in some settings, and the least margin of a token. */
export function review(
  tokenizer: BytePairTokenizer,
  values: Float32Array,
  within: readonly Setting[],
  asked: readonly Fact[] = facts,
): { readonly wrong: number; readonly margin: number } {
  const network = new Network(tinyShape, values, new Float32Array(values.length), longest);
  let wrong = 0;
  let margin = Infinity;
  for (const setting of within) {
    for (const fact of asked) {
      const known = network.review(lessonOf(tokenizer, setting, [fact]));
      if (known.wrong > 0) wrong += 1;
      margin = Math.min(margin, known.margin);
    }
  }
  return { wrong, margin };
}

/** The parameters rounded as the file stores them: norms in F32, all else in F16. */
export function asStored(values: Float32Array): Float32Array {
  const stored = values.slice();
  for (const { from, to, norm } of spansOf(tinyShape)) {
    if (norm) continue;
    for (let at = from; at < to; at += 1) stored[at] = fromHalf(toHalf(stored[at] as number));
  }
  return stored;
}

/** Writes the model, and gives the size of the file in bytes. */
export async function writeTiny(path: string, { vocabulary, values }: TinyModel): Promise<number> {
  if (values.length !== countOf(tinyShape)) throw new RangeError('the parameters are those of another shape');
  const spans = new Map(spansOf(tinyShape).map((span) => [span.name, span]));
  const metadata = new Map<string, GgufValue>([
    ...llamaMetadata('tiny-chat', tinyShape, vocabulary),
    ['general.license', { type: 'string', value: 'Apache-2.0' }],
    // LLAMA_FTYPE_MOSTLY_F16
    ['general.file_type', { type: 'uint32', value: 1 }],
  ]);
  const tensors = llamaTensors(tinyShape).map(({ name, dims, norm }) => {
    const span = spans.get(name);
    return {
      name,
      dims,
      type: norm ? ('F32' as const) : ('F16' as const),
      data: values.subarray(span?.from, span?.to),
    };
  });
  return await writeGguf(path, { metadata, tensors });
}
