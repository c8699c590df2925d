/**
 * Savina's chameneos (Kaiser and Pradat-Peyre, "Chameneos, a concurrency game for Java, Ada and others", 2003): creatures
 * meet in pairs at a mall, and both take the colour that complements theirs. A creature has one request under way.
 */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { latch, PATIENCE, play } from './stage.js';

/** 0, 1 or 2 for blue, red and yellow. */
type Colour = number;

interface Meeting {
  readonly colour: Colour;
  readonly from: ActorAddress;
}

interface CreatureCasts {
  readonly start: undefined;
  /** Another creature is there. */
  readonly meet: Meeting;
  /** The other creature has seen this one, which now has this colour. */
  readonly change: Colour;
  /** The mall is closed. */
  readonly finish: undefined;
}
const creatureFace = castFace<CreatureCasts>();

const mall = defineActor({
  name: 'bench.mall',
  init: (args: { readonly latch: ActorAddress; readonly creatures: number }, ctx) => ({
    latch: ctx.ref(latch, args.latch),
    creatures: args.creatures,
    left: 0,
    waiting: undefined as ActorRef<typeof creatureFace> | undefined,
    faded: 0,
    met: 0,
  }),
  casts: {
    open: (state, meetings: number) => {
      state.left = meetings;
      state.faded = 0;
      state.met = 0;
    },
    meet: (state, message: Meeting, ctx) => {
      if (state.left === 0) ctx.ref(creatureFace, message.from).cast('finish');
      else if (state.waiting === undefined) state.waiting = ctx.ref(creatureFace, message.from);
      else {
        state.left -= 1;
        state.waiting.cast('meet', message);
        state.waiting = undefined;
      }
    },
    /** A creature says how often it met others. */
    faded: (state, met: number) => {
      state.faded += 1;
      state.met += met;
      if (state.faded === state.creatures) state.latch.cast('done', state.met / 2);
    },
  },
});

const creature = defineActor({
  name: 'bench.creature',
  init: (args: { readonly mall: ActorAddress; readonly colour: Colour }, ctx) => ({
    mall: ctx.ref(mall, args.mall),
    colour: args.colour,
    met: 0,
  }),
  casts: {
    start: (state, _: undefined, ctx) => {
      state.met = 0;
      state.mall.cast('meet', { colour: state.colour, from: ctx.self });
    },
    meet: (state, { colour, from }: Meeting, ctx) => {
      state.colour = complement(state.colour, colour);
      state.met += 1;
      ctx.ref(creatureFace, from).cast('change', state.colour);
      state.mall.cast('meet', { colour: state.colour, from: ctx.self });
    },
    change: (state, colour: Colour, ctx) => {
      state.colour = colour;
      state.met += 1;
      state.mall.cast('meet', { colour, from: ctx.self });
    },
    finish: (state) => {
      state.mall.cast('faded', state.met);
    },
  },
});

/** The colour of both after a meeting: that of two alike, or else the third one. */
function complement(one: Colour, other: Colour): Colour {
  return one === other ? one : 3 - one - other;
}

const chameneos = play([mall, creature], async (system, { actors = 0, meetings = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const place = await system.spawn(mall, { latch: end.address, creatures: actors });
  const creatures = await Promise.all(
    Array.from({ length: actors }, (_, index) => system.spawn(creature, { mall: place.address, colour: index % 3 })),
  );
  return {
    once: () => {
      const done = end.call('wait', 1, PATIENCE);
      place.cast('open', meetings);
      for (const each of creatures) each.cast('start');
      return done;
    },
  };
});

serve(import.meta.filename, { chameneos });
