/** The actors of the questions about messages across threads and nodes; a module, because executors in threads load it. */
import { type ActorAddress, defineActor } from '#runtime';

/** Counts what it gets, as fast as it can. */
export const sink = defineActor({
  name: 'bench-sink',
  init: () => ({ count: 0 }),
  calls: {
    count: (state) => state.count,
    echo: (_state, message: { readonly n: number; readonly text: string }) => message,
  },
  casts: { note: (state, _message: { readonly n: number; readonly text: string }) => void (state.count += 1) },
});

/** Gives its thread back between messages, and is never done with what it is sent. */
export const slowSink = defineActor({
  name: 'bench-slow-sink',
  init: () => ({ count: 0 }),
  calls: { count: (state) => state.count },
  casts: {
    note: async (state, _message: { readonly n: number; readonly text: string }): Promise<void> => {
      state.count += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  },
});

/** Sends casts, or calls so many at a time. Casts wait where they are told to; with `slow` it casts there too, one for ten, and never waits for that. */
export const source = defineActor({
  name: 'bench-source',
  init: () => null,
  calls: {
    run: async (
      _state,
      message: { readonly to: ActorAddress; readonly slow?: ActorAddress; readonly count: number },
      ctx,
    ): Promise<void> => {
      const to = ctx.ref(sink, message.to);
      const slow = message.slow === undefined ? undefined : ctx.ref(slowSink, message.slow);
      for (let n = 0; n < message.count; n += 1) {
        if (slow !== undefined && n % 10 === 0) slow.cast('note', { n, text: 'to the slow one' });
        if (!to.cast('note', { n, text: 'a small message' })) await to.drained();
      }
      for (;;) {
        if ((await to.call('count', undefined, { timeoutMs: 60_000 })) >= message.count) return;
      }
    },
    ask: async (
      _state,
      message: { readonly to: ActorAddress; readonly count: number; readonly depth: number },
      ctx,
    ): Promise<void> => {
      const to = ctx.ref(sink, message.to);
      let left = message.count;
      const one = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await to.call('echo', { n: left, text: 'a small message' });
        }
      };
      await Promise.all(Array.from({ length: message.depth }, one));
    },
  },
});
