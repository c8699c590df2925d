/**
 * Savina's counting: one actor sends increments to another as fast as it may, then asks for the count. The mailbox has its
 * default bound, so the sender waits whenever the counter is behind.
 */
import { type ActorAddress, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { PATIENCE, play } from './stage.js';

const counter = defineActor({
  name: 'bench.counter',
  init: () => ({ count: 0 }),
  calls: {
    take: (state) => {
      const { count } = state;
      state.count = 0;
      return count;
    },
  },
  casts: {
    increment: (state) => {
      state.count += 1;
    },
  },
});

const producer = defineActor({
  name: 'bench.producer',
  init: (args: { readonly counter: ActorAddress }, ctx) => ({ counter: ctx.ref(counter, args.counter) }),
  calls: {
    send: async (state, messages: number): Promise<number> => {
      for (let sent = 0; sent < messages; sent += 1)
        if (!state.counter.cast('increment')) await state.counter.drained();
      return state.counter.call('take', undefined, PATIENCE);
    },
  },
});

const counting = play([counter, producer], async (system, { messages = 0 }) => {
  const to = await system.spawn(counter, undefined);
  const from = await system.spawn(producer, { counter: to.address });
  return { once: () => from.call('send', messages, PATIENCE) };
});

serve(import.meta.filename, { counting });
