/**
 * Starts so many actors on one thread or on two executors, takes the memory while they are idle, and then asks each one,
 * so that only actors that live are counted. Memory is taken in one run a process, because memory that was used once is
 * not memory that is needed; the rate of starts in many, which end what they started.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type ActorRef, ActorSystem, defineActor } from '#runtime';
import { type Prepare, serve } from '../harness/program.js';
import type { Completed, Size } from '../harness/question.js';

/** An actor with the smallest useful state. */
export const idle = defineActor({
  name: 'bench.idle',
  init: () => ({ count: 0 }),
  calls: { touch: (state) => (state.count += 1) },
});

/** Starts actors on its own executor and asks them. */
export const maker = defineActor({
  name: 'bench.maker',
  init: () => ({ refs: [] as ActorRef<typeof idle>[] }),
  calls: {
    make: async (state, { count }: { readonly count: number }, ctx): Promise<void> => {
      for (let left = count; left > 0; left -= BATCH) {
        const starting = Array.from({ length: Math.min(BATCH, left) }, () => ctx.spawn(idle, undefined));
        for (const ref of await Promise.all(starting)) state.refs.push(ref);
      }
    },
    touch: async (state): Promise<number> => {
      let answered = 0;
      for (let start = 0; start < state.refs.length; start += BATCH) {
        const replies = await Promise.all(state.refs.slice(start, start + BATCH).map((ref) => ref.call('touch')));
        answered += replies.reduce((sum, count) => sum + count, 0);
      }
      return answered;
    },
    collect: async (): Promise<void> => {
      await turn();
      globalThis.gc?.();
    },
  },
});

const BATCH = 1_000;
const OPTIONS = { timeoutMs: Number.POSITIVE_INFINITY };

function idleOn(executors: number): Prepare {
  return async () => {
    const system = await ActorSystem.create({
      executors,
      ...(executors === 0 ? { definitions: [idle, maker] } : { modules: [import.meta.url] }),
    });
    const hosts = executors === 0 ? [0] : Array.from({ length: executors }, (_, index) => index + 1);
    const makers = await Promise.all(hosts.map((executor) => system.spawn(maker, undefined, { executor })));
    return {
      run: (size) => startAndTouch(makers, size),
      // A million ends in order are another question.
      stop: async () => process.exit(0),
    };
  };
}

async function startAndTouch(makers: readonly ActorRef<typeof maker>[], { actors = 0 }: Size): Promise<Completed> {
  const resident = async (): Promise<number> => {
    for (let pass = 0; pass < 2; pass += 1) {
      await Promise.all(makers.map((ref) => ref.call('collect', undefined, OPTIONS)));
      globalThis.gc?.();
    }
    return process.memoryUsage().rss;
  };
  const before = await resident();
  const startMs = performance.now();
  const share = Math.floor(actors / makers.length);
  await Promise.all(
    makers.map((ref, index) =>
      ref.call('make', { count: index === 0 ? actors - share * (makers.length - 1) : share }, OPTIONS),
    ),
  );
  const ms = performance.now() - startMs;
  const bytes = (await resident()) - before;
  const answers = await Promise.all(makers.map((ref) => ref.call('touch', undefined, OPTIONS)));
  return { ms, operations: answers.reduce((sum, each) => sum + each, 0), 'bytes each': bytes / actors };
}

/** Starts actors on one thread, asks each, and ends them all before the next run. */
const started: Prepare = async () => {
  const system = await ActorSystem.create({ definitions: [idle, maker] });
  const { length: atRest } = await system.list();
  return {
    run: async ({ actors = 0 }) => {
      const ref = await system.spawn(maker, undefined);
      const startMs = performance.now();
      await ref.call('make', { count: actors }, OPTIONS);
      const ms = performance.now() - startMs;
      const operations = await ref.call('touch', undefined, OPTIONS);
      system.stopActor(ref.address);
      while ((await system.list()).length > atRest) await turn();
      return { ms, operations };
    },
    stop: () => system.shutdown(),
  };
};

serve(import.meta.filename, { spawn: started, 'one-thread': idleOn(0), 'two-executors': idleOn(2) });
