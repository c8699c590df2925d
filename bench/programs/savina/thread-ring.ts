/** Savina's thread ring: actors in a circle pass a token on, which counts its hops. One message is under way at a time. */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { latch, PATIENCE, play } from './stage.js';

const nodeFace = castFace<{ readonly token: number }>();

const node = defineActor({
  name: 'bench.ring-node',
  init: (args: { readonly hops: number; readonly latch: ActorAddress }, ctx) => ({
    hops: args.hops,
    latch: ctx.ref(latch, args.latch),
    next: undefined as ActorRef<typeof nodeFace> | undefined,
  }),
  casts: {
    join: (state, next: ActorAddress, ctx) => {
      state.next = ctx.ref(nodeFace, next);
    },
    /** The message is the number of the hop that it is. */
    token: (state, hop: number) => {
      if (hop < state.hops) state.next?.cast('token', hop + 1);
      else state.latch.cast('done', hop);
    },
  },
});

const threadRing = play([node], async (system, { actors = 0, hops = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const ring = await Promise.all(
    Array.from({ length: actors }, () => system.spawn(node, { hops, latch: end.address })),
  );
  for (const [index, each] of ring.entries()) {
    const next = ring[(index + 1) % ring.length];
    if (next !== undefined) each.cast('join', next.address);
  }
  return {
    once: () => {
      const done = end.call('wait', 1, PATIENCE);
      ring[0]?.cast('token', 1);
      return done;
    },
  };
});

serve(import.meta.filename, { 'thread-ring': threadRing });
