/** Actors of the tests of traces across nodes: a front that asks a back, and tells it something too. */
import { defineActor } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';

export const back = defineActor({
  name: 'back',
  init: () => ({ noted: 0 }),
  calls: {
    double: (_state, message: { readonly n: number }) => {
      if (message.n < 0) throw new Error('told to crash');
      return message.n * 2;
    },
  },
  casts: { note: (state, _message: null) => void (state.noted += 1) },
});

export const front = defineActor({
  name: 'front',
  init: () => ({}),
  calls: {
    ask: async (_state, message: { readonly back: ActorAddress; readonly n: number }, ctx) => {
      const to = ctx.ref(back, message.back);
      to.cast('note', null);
      return to.call('double', { n: message.n });
    },
  },
});
