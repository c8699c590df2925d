/**
 * What `skep model bench` measures: for 1, 2, 4, ... askers at the same time, each asking one question after another, the
 * tokens of all answers over the time of the level, and when each answer began. A closed loop: it says what the model can
 * do, not how long requests wait that arrive by themselves; `skep load` is for that.
 */
import type { AnswerPart } from '#protocols/wire/inference';
import { gatherAnswer } from './answer.js';

/** One level: so many answers at the same time. */
export interface BenchLevel {
  readonly sequences: number;
  readonly answers: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly seconds: number;
  /** Of all answers together. */
  readonly tokensPerSecond: number;
  /** As the asker sees it, in milliseconds: median and the slowest. */
  readonly firstTokenMs: { readonly p50: number; readonly max: number };
  /** Tokens per second beside those of the first level. */
  readonly gain: number;
}

/** How to measure. */
export interface BenchOptions {
  readonly sequences: number;
  readonly rounds: number;
  readonly ask: (prompt: string) => AsyncIterable<AnswerPart>;
  readonly nowMs: () => number;
  /** Told of each answer. */
  readonly onAnswer: (level: number, done: number, total: number) => void;
  readonly onLevel: (level: BenchLevel) => void;
}

/** 1, 2, 4 and so on, and `most` last. */
export function levelsUpTo(most: number): readonly number[] {
  const levels: number[] = [];
  for (let level = 1; level < most; level *= 2) levels.push(level);
  return [...levels, most];
}

/** Measures every level. Begins with one answer that is not counted: it warms up what is made on first use. */
export async function benchLevels(options: BenchOptions): Promise<readonly BenchLevel[]> {
  await gatherAnswer(options.ask(promptOf(0, 0)));
  const levels: BenchLevel[] = [];
  for (const sequences of levelsUpTo(options.sequences)) {
    const level = await benchLevel(sequences, levels[0]?.tokensPerSecond, options);
    levels.push(level);
    options.onLevel(level);
  }
  return levels;
}

async function benchLevel(
  sequences: number,
  first: number | undefined,
  { rounds, ask, nowMs, onAnswer }: BenchOptions,
): Promise<BenchLevel> {
  const firsts: number[] = [];
  const tokens = { input: 0, cached: 0, output: 0 };
  const total = sequences * rounds;
  const begunMs = nowMs();
  const asker = async (number: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const askedMs = nowMs();
      let firstMs: number | undefined;
      const { usage } = await gatherAnswer(ask(promptOf(number, round)), () => void (firstMs ??= nowMs() - askedMs));
      firsts.push(firstMs ?? nowMs() - askedMs);
      for (const key of ['input', 'cached', 'output'] as const) tokens[key] += usage[key];
      onAnswer(sequences, firsts.length, total);
    }
  };
  await Promise.all(Array.from({ length: sequences }, (_, number) => asker(number)));
  const seconds = Math.max(nowMs() - begunMs, 1) / 1_000;
  const tokensPerSecond = tokens.output / seconds;
  return {
    sequences,
    answers: total,
    inputTokens: tokens.input,
    cachedTokens: tokens.cached,
    outputTokens: tokens.output,
    seconds,
    tokensPerSecond,
    firstTokenMs: { p50: median(firsts), max: Math.max(...firsts) },
    gain: first === undefined || first === 0 ? 1 : tokensPerSecond / first,
  };
}

/** Different from the first word on, so that no asker lives off the prefix of another. */
function promptOf(asker: number, round: number): string {
  return `${asker + 1}.${round + 1}: tell a long story about a hive of bees.`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
