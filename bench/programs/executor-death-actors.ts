/** The actors that `executor-death.ts` loads into its executors: many that can be lost, one that takes its thread along. */
import { type ActorAddress, defineActor } from '#runtime';

/** An actor with the smallest useful state. */
export const mortal = defineActor({
  name: 'bench.mortal',
  init: () => ({ count: 0 }),
  calls: { touch: (state) => (state.count += 1) },
});

/** Ends its thread, or holds it up for ever. */
export const deadly = defineActor({
  name: 'bench.deadly',
  init: () => null,
  calls: {
    exit: (): never => process.exit(1),
    stall: (): never => {
      for (;;);
    },
    ping: () => null,
  },
});

/** Supervises many on another executor, and asks each until it answers. */
export const parent = defineActor({
  name: 'bench.parent',
  init: () => ({ children: [] as ActorAddress[] }),
  calls: {
    make: async (state, { count, executor }: { readonly count: number; readonly executor: number }, ctx) => {
      for (let left = count; left > 0; left -= BATCH) {
        const starting = Array.from({ length: Math.min(BATCH, left) }, () =>
          ctx.spawn(mortal, undefined, { executor }),
        );
        for (const { address } of await Promise.all(starting)) state.children.push(address);
      }
      return state.children.length;
    },
    /** Asks in batches, each actor again until it has answered; gives how many did. */
    touch: async (state, _message: undefined, ctx): Promise<number> => {
      let answered = 0;
      for (let start = 0; start < state.children.length; start += BATCH) {
        let waiting = state.children.slice(start, start + BATCH);
        while (waiting.length > 0) {
          const asked = waiting;
          const replies = await Promise.allSettled(asked.map((address) => ctx.ref(mortal, address).call('touch')));
          waiting = asked.filter((_, index) => replies[index]?.status === 'rejected');
          answered += asked.length - waiting.length;
          if (waiting.length > 0) await new Promise<void>((resolve) => ctx.clock.after(PAUSE_MS, resolve));
        }
      }
      return answered;
    },
  },
});

const BATCH = 1_000;
/** Between two questions to those that did not answer. */
const PAUSE_MS = 5;
