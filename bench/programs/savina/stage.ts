/**
 * Where Savina's benchmarks are played: a system with one executor on the main thread, and a latch, which waits until all
 * who take part in a run have said that they are done. The actors are started once and play every run.
 */
import { ActorSystem, type AnyDefinition, defineActor, type ReplyToken } from '#runtime';
import type { Prepare } from '../../harness/program.js';
import type { Size } from '../../harness/question.js';

/** A run that takes longer has lost a message. */
export const PATIENCE = { timeoutMs: 150_000 };

/** Hears of the ends of a run. Its mailbox has room for one message of each of a hundred thousand actors at once. */
export const latch = defineActor({
  name: 'bench.latch',
  mailbox: { capacity: 100_000, highWater: 100_000 },
  init: () => ({ parties: 0, operations: 0, waiting: undefined as ReplyToken<number> | undefined }),
  calls: {
    /** Answers once so many have said that they are done: with the sum of what they did. */
    wait: (state, parties: number, ctx) => {
      state.parties = parties;
      state.operations = 0;
      state.waiting = ctx.defer<number>();
      return state.waiting;
    },
  },
  casts: {
    done: (state, operations: number, ctx) => {
      state.operations += operations;
      state.parties -= 1;
      if (state.parties > 0 || state.waiting === undefined) return;
      ctx.reply(state.waiting, state.operations);
      state.waiting = undefined;
    },
  },
});

/** A benchmark with its actors. */
export interface Benchmark {
  /** Does what the definition says once; gives the operations that were seen to end. */
  readonly once: () => Promise<number>;
  /** Waits, outside of the time, until the actors that it started are gone. */
  readonly settled?: () => Promise<void>;
}

/** Plays a benchmark as many times in a run as the size has `repeats`. */
export function play(
  definitions: readonly AnyDefinition[],
  prepare: (system: ActorSystem, size: Size) => Promise<Benchmark>,
): Prepare {
  return async (size) => {
    const system = await ActorSystem.create({ executors: 0, definitions: [latch, ...definitions] });
    const { once, settled } = await prepare(system, size);
    return {
      run: async ({ repeats = 1 }) => {
        const startMs = performance.now();
        let operations = 0;
        for (let repeat = 0; repeat < repeats; repeat += 1) operations += await once();
        const ms = performance.now() - startMs;
        await settled?.();
        return { ms, operations };
      },
      stop: () => system.shutdown(),
    };
  };
}
