/**
 * What `skep load` talks to: an actor that counts the calls it handles, so that the count can be held against the replies
 * at the end. Every node knows it. It ends by itself when its lease is over, so that a load whose process was killed
 * leaves nothing behind.
 */
import { z } from 'zod';
import { defineActor } from '#runtime';

const args = z.object({
  /** Time after which it ends by itself, in milliseconds. */
  leaseMs: z.number().positive(),
});

/** What a target tells of itself; counts belong to one life of it. */
export const tally = z.object({ life: z.number(), handled: z.number() });

/** A target of load. */
export const loadTarget = defineActor({
  name: 'skep.load',
  description: 'Counts the calls that `skep load` makes.',
  schemas: { args, calls: { hit: z.object({ data: z.string() }) } },
  init: ({ leaseMs }: z.infer<typeof args>, ctx) => {
    ctx.after(leaseMs, 'lease');
    return { life: ctx.incarnation, handled: 0 };
  },
  calls: {
    /** Counts, and tells in which life. */
    hit: (state, _message: { readonly data: string }) => {
      state.handled += 1;
      return state.life;
    },
    tally: ({ life, handled }): z.infer<typeof tally> => ({ life, handled }),
  },
  info: (_state, info, ctx) => {
    if (info.type === 'timer') ctx.stop();
  },
});
