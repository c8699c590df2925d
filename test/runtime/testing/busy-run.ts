/** A run with a bit of everything in it, of a given seed: what it did is the same wherever it runs. */
import { fileURLToPath } from 'node:url';
import { TestSystem } from '#runtime/testing/index';
import { counter, relay, ticker } from './actors.js';

/** What a run came to. */
export interface RunResult {
  readonly hash: string;
  readonly steps: number;
  readonly got: readonly string[];
  readonly trace: readonly string[];
}

/** Runs it. */
export async function busyRun(seed: number): Promise<RunResult> {
  const system = await TestSystem.create({
    seed,
    executors: 3,
    definitions: [counter, relay, ticker],
    faults: [
      { type: 'duplicate', probability: 0.1, message: ({ kind }) => kind === 'cast' },
      { type: 'delay', probability: 0.1, delayMs: 3 },
      { type: 'kill', executor: 2, atStep: 150 },
    ],
  });
  const sink = await system.spawn(relay, {}, { executor: 1 });
  const counters = await Promise.all([1, 2, 3].map((start) => system.spawn(counter, { start })));
  await system.spawn(ticker, { periodMs: 7 });
  for (let round = 0; round < 10; round += 1) {
    const via = await system.spawn(relay, { to: sink.address }, { restart: 'temporary' });
    via.cast('tell', { text: `${round}.${system.random.below(100)}` });
    if (round === 4) system.random.pick(counters).cast('fail');
    await Promise.allSettled(counters.map((ref) => ref.call('add', { by: round })));
    await system.advance(20);
  }
  const got = await sink.call('got');
  return { hash: system.traceHash(), steps: system.steps, got, trace: system.trace(5) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await busyRun(Number(process.argv[2]))));
}
