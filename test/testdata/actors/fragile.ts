/** An actor that crashes at its second message, for threads to load. */
import { defineActor } from '#runtime';
import { crashing } from '#runtime/testing/index';

const sound = defineActor({
  name: 'fragile',
  init: () => ({ count: 0 }),
  calls: { count: (state) => (state.count += 1) },
});

export const fragile = crashing(sound, { atMessage: 2 });
