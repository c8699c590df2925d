/** The actors of `examples/routers.ts`; a module of their own, because every thread loads it. */
import { defineActor } from '#runtime';

/** Packs parcels, one at a time, and tells the topics what it packed. */
export const packer = defineActor({
  name: 'packer',
  init: () => ({ packed: 0 }),
  calls: {
    pack: (state, order: { readonly customer: string; readonly region: string }, ctx) => {
      state.packed += 1;
      ctx.publish(`parcels.${order.region}.packed`, order.customer);
      return { packer: ctx.self, executor: ctx.executor };
    },
    packed: (state) => state.packed,
  },
});

/** Listens to a region, or to all, and gives quotes. */
export const clerk = defineActor({
  name: 'clerk',
  init: async (args: { readonly pattern: string }, ctx) => {
    await ctx.subscribe(args.pattern, { cast: 'note' });
    await ctx.groups.join('clerks');
    return { customers: [] as string[] };
  },
  calls: {
    customers: (state) => [...state.customers].sort(),
    /** What a parcel costs; the clerks do not agree on how long to think about it. */
    quote: async (_state, weight: number, ctx) => {
      await new Promise<void>((resolve) => ctx.clock.after(weight, resolve));
      return weight * 2;
    },
  },
  casts: { note: (state, customer: string) => void state.customers.push(customer) },
});

/** Crashes at its third bill, in its first life only, and sums up in the next what it is owed. */
export const cashier = defineActor({
  name: 'cashier',
  init: (_args: undefined, ctx) => ({ bills: [] as number[], first: ctx.incarnation === 1 }),
  reliable: true,
  calls: { bills: (state) => [...state.bills] },
  casts: {
    bill: (state, amount: number) => {
      if (state.first && amount === 3) throw new Error('the till is stuck');
      state.bills.push(amount);
    },
  },
});
