/**
 * Savina's fork-join throughput: one actor sends to many in turn, and each computes a little with every message. The
 * mailboxes have their default bound, so the sender waits whenever a receiver is behind.
 */
import { type ActorAddress, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { PATIENCE, play } from './stage.js';

const worker = defineActor({
  name: 'bench.worker',
  init: () => ({ count: 0, sum: 0 }),
  calls: {
    /** The messages that were handled. */
    take: (state) => {
      const { count, sum } = state;
      if (!(sum >= 0)) throw new Error(`a sum of squares is ${sum}`);
      state.count = 0;
      state.sum = 0;
      return count;
    },
  },
  casts: {
    work: (state) => {
      state.count += 1;
      const sine = Math.sin(37.2 * state.count);
      state.sum += sine * sine;
    },
  },
});

const sender = defineActor({
  name: 'bench.sender',
  init: (args: { readonly workers: readonly ActorAddress[] }, ctx) => ({
    workers: args.workers.map((address) => ctx.ref(worker, address)),
  }),
  calls: {
    send: async ({ workers }, messages: number): Promise<number> => {
      for (let sent = 0; sent < messages; sent += 1)
        for (const each of workers) if (!each.cast('work')) await each.drained();
      const counts = await Promise.all(workers.map((each) => each.call('take', undefined, PATIENCE)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
  },
});

const throughput = play([worker, sender], async (system, { actors = 0, messages = 0 }) => {
  const workers = await Promise.all(Array.from({ length: actors }, () => system.spawn(worker, undefined)));
  const from = await system.spawn(sender, { workers: workers.map(({ address }) => address) });
  return { once: () => from.call('send', messages, PATIENCE) };
});

serve(import.meta.filename, { throughput });
