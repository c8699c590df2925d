/**
 * Actors for floods: a consumer a hundred times slower than its producer, and third parties beside both. What they count
 * is kept in the module, so that the actors of one thread can compare it at the same moment.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ActorAddress, defineActor } from '#runtime';

const thread = { handled: 0, taken: 0 };

/** Works a while on each message and remembers which it had. */
export const consumer = defineActor({
  name: 'flow-consumer',
  mailbox: { capacity: 1_000, highWater: 500 },
  init: (args: { readonly workMs: number }) => ({ workMs: args.workMs, ids: [] as number[] }),
  calls: {
    count: (state) => state.ids.length,
    ids: (state) => [...state.ids],
  },
  casts: {
    work: (state, message: { readonly id: number }) => {
      const end = performance.now() + state.workMs;
      while (performance.now() < end);
      state.ids.push(message.id);
      thread.handled += 1;
    },
  },
});

/** Sends numbered messages as fast as it can. */
export const producer = defineActor({
  name: 'flow-producer',
  init: () => null,
  calls: {
    /**
     * Gives the ids that were refused, how often it was told to wait, and the time that sending alone took. With `obey`
     * it waits when it is told to.
     */
    run: async (
      _state,
      message: { readonly to: ActorAddress; readonly count: number; readonly obey: boolean },
      ctx,
    ): Promise<{ readonly refused: readonly number[]; readonly waits: number; readonly ms: number }> => {
      const ref = ctx.ref(consumer, message.to);
      const refused: number[] = [];
      let waits = 0;
      let ms = 0;
      let since = performance.now();
      for (let id = 0; id < message.count; id += 1) {
        const outcome = ref.tryCast('work', { id });
        if (outcome === 'refused') refused.push(id);
        else thread.taken += 1;
        if (outcome === 'wait') waits += 1;
        const obeys = outcome === 'wait' && message.obey;
        if (!obeys && id % 256 !== 255) continue;
        ms += performance.now() - since;
        await (obeys ? ref.drained() : nextTurn());
        since = performance.now();
      }
      return { refused, waits, ms: ms + performance.now() - since };
    },
  },
});

/** Somebody who has nothing to do with the flood, on its thread. */
export const third = defineActor({
  name: 'flow-third',
  init: () => null,
  calls: {
    handled: () => thread.handled,
    taken: () => thread.taken,
    heap: () => process.memoryUsage().heapUsed,
    /** Asks a neighbour on this thread again and again; gives the most messages of the flood that were handled during one round trip. */
    besides: async (
      _state,
      message: { readonly neighbour: ActorAddress; readonly times: number },
      ctx,
    ): Promise<number> => {
      let most = 0;
      while (thread.handled < 500) await nextTurn();
      for (let time = 0; time < message.times; time += 1) {
        const before = thread.handled;
        most = Math.max(most, (await ctx.ref(third, message.neighbour).call('handled')) - before);
      }
      return most;
    },
    /**
     * Asks a third party beside the consumer again and again, from beside the producer. Gives how many round trips there
     * were during which the flood that was sent before was not handled yet, and how many waited for all of it.
     */
    across: async (
      _state,
      message: { readonly far: ActorAddress; readonly times: number; readonly backlog: number },
      ctx,
    ): Promise<{ readonly overtook: number; readonly waited: number }> => {
      const far = ctx.ref(third, message.far);
      let overtook = 0;
      let waited = 0;
      while (thread.taken < message.backlog) await nextTurn();
      for (let time = 0; time < message.times; time += 1) {
        const handled = await far.call('handled');
        const before = thread.taken;
        if (before - handled < message.backlog) continue;
        if ((await far.call('handled')) < before) overtook += 1;
        else waited += 1;
      }
      return { overtook, waited };
    },
  },
  casts: {
    reset: () => {
      thread.handled = 0;
      thread.taken = 0;
    },
  },
});
