/**
 * Savina's dining philosophers: an arbiter lends two forks at once or denies them, and who was denied asks again. How often
 * that happens depends on who comes when, so what is counted is meals.
 */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { latch, PATIENCE, play } from './stage.js';

interface Guest {
  readonly index: number;
  readonly from: ActorAddress;
}

interface PhilosopherCasts {
  /** Becomes hungry. */
  readonly start: undefined;
  readonly eat: undefined;
  readonly denied: undefined;
}
const philosopherFace = castFace<PhilosopherCasts>();

const arbiter = defineActor({
  name: 'bench.arbiter',
  init: (args: { readonly forks: number }) => ({ taken: new Array<boolean>(args.forks).fill(false) }),
  casts: {
    hungry: ({ taken }, { index, from }: Guest, ctx) => {
      const philosopher = ctx.ref(philosopherFace, from);
      const right = (index + 1) % taken.length;
      if (taken[index] === true || taken[right] === true) {
        philosopher.cast('denied');
        return;
      }
      taken[index] = true;
      taken[right] = true;
      philosopher.cast('eat');
    },
    done: ({ taken }, index: number) => {
      taken[index] = false;
      taken[(index + 1) % taken.length] = false;
    },
  },
});

interface Philosopher {
  readonly guest: Guest;
  readonly rounds: number;
  readonly self: ActorRef<typeof philosopherFace>;
  readonly arbiter: ActorRef<typeof arbiter>;
  readonly latch: ActorRef<typeof latch>;
  meals: number;
}

interface PhilosopherArgs {
  readonly index: number;
  readonly rounds: number;
  readonly arbiter: ActorAddress;
  readonly latch: ActorAddress;
}

const philosopher = defineActor({
  name: 'bench.philosopher',
  init: ({ index, rounds, ...to }: PhilosopherArgs, ctx): Philosopher => ({
    guest: { index, from: ctx.self },
    rounds,
    self: ctx.ref(philosopherFace, ctx.self),
    arbiter: ctx.ref(arbiter, to.arbiter),
    latch: ctx.ref(latch, to.latch),
    meals: 0,
  }),
  casts: {
    start: (state) => {
      state.arbiter.cast('hungry', state.guest);
    },
    denied: (state) => {
      state.arbiter.cast('hungry', state.guest);
    },
    eat: (state) => {
      state.meals += 1;
      state.arbiter.cast('done', state.guest.index);
      if (state.meals < state.rounds) {
        state.self.cast('start');
        return;
      }
      state.latch.cast('done', state.meals);
      state.meals = 0;
    },
  },
});

const philosophers = play([arbiter, philosopher], async (system, { actors = 0, rounds = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const host = await system.spawn(arbiter, { forks: actors });
  const args = { rounds, arbiter: host.address, latch: end.address };
  const guests = await Promise.all(
    Array.from({ length: actors }, (_, index) => system.spawn(philosopher, { ...args, index })),
  );
  return {
    once: () => {
      const done = end.call('wait', actors, PATIENCE);
      for (const each of guests) each.cast('start');
      return done;
    },
  };
});

serve(import.meta.filename, { philosophers });
