/** The actor that `durable-increments.ts` measures; a module, so that an executor in a thread can load it. */
import { defineActor } from '#runtime';

export const durableCounter = defineActor({
  name: 'bench.durable-counter',
  init: (_args: { readonly key: string }) => ({ count: 0 }),
  persistence: {
    key: (args) => args.key,
    apply: (state, event: { readonly amount: number }) => {
      state.count += event.amount;
    },
  },
  calls: {
    add: async (state, amount: number, ctx): Promise<number> => {
      await ctx.persist({ amount });
      return state.count;
    },
  },
});
