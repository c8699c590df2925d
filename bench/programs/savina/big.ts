/**
 * Savina's big: every actor pings actors chosen by chance, itself among them, and sends its next ping when the pong has
 * come. At most one ping of each actor is under way, so no mailbox comes near its bound.
 */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { below, nextOf, seedOf } from './chance.js';
import { latch, PATIENCE, play } from './stage.js';

const neighbourFace = castFace<{ readonly ping: number; readonly pong: undefined }>();

interface Member {
  readonly index: number;
  readonly pings: number;
  readonly latch: ActorRef<typeof latch>;
  neighbours: readonly ActorRef<typeof neighbourFace>[];
  chance: number;
  pongs: number;
}

const member = defineActor({
  name: 'bench.member',
  init: (args: { readonly index: number; readonly pings: number; readonly latch: ActorAddress }, ctx): Member => ({
    ...args,
    latch: ctx.ref(latch, args.latch),
    neighbours: [],
    chance: 0,
    pongs: 0,
  }),
  casts: {
    meet: (state, all: readonly ActorAddress[], ctx) => {
      state.neighbours = all.map((address) => ctx.ref(neighbourFace, address));
    },
    start: (state) => {
      state.chance = seedOf(state.index);
      state.pongs = 0;
      pingNext(state);
    },
    /** The message is the index of its sender. */
    ping: (state, from: number) => {
      state.neighbours[from]?.cast('pong');
    },
    pong: (state) => {
      state.pongs += 1;
      if (state.pongs < state.pings) pingNext(state);
      else state.latch.cast('done', state.pongs);
    },
  },
});

function pingNext(state: Member): void {
  state.chance = nextOf(state.chance);
  state.neighbours[below(state.chance, state.neighbours.length)]?.cast('ping', state.index);
}

const big = play([member], async (system, { actors = 0, pings = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const members = await Promise.all(
    Array.from({ length: actors }, (_, index) => system.spawn(member, { index, pings, latch: end.address })),
  );
  const addresses = members.map(({ address }) => address);
  for (const each of members) each.cast('meet', addresses);
  return {
    once: () => {
      const done = end.call('wait', actors, PATIENCE);
      for (const each of members) each.cast('start');
      return done;
    },
  };
});

serve(import.meta.filename, { big });
