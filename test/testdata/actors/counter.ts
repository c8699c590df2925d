/** Small actors that the runtime's scenarios use; a module, so that executors in threads can load it too. */
import { defineActor } from '#runtime';

export const counter = defineActor({
  name: 'counter',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    get: (state) => state.count,
    async *countdown(state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
    crash: (_state, message: { readonly text: string }): never => {
      throw new Error(message.text);
    },
  },
  casts: {
    reset: (state, _: { readonly reason: string }) => {
      state.count = 0;
    },
    bump: (state) => {
      state.count += 1;
    },
    explode: () => {
      throw new Error('exploded');
    },
    /** Ends the thread: an error outside of any handler. */
    killThread: () => {
      setTimeout(() => {
        throw new Error('thread killed');
      }, 0);
    },
  },
});
