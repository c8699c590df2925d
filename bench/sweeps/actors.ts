/** Does a message cost more when there are many actors? */
import { erlang, skep } from '../harness/process.js';
import type { Sweep } from '../harness/sweep.js';

/** Enough messages that each actor gets one. */
const at = (actors: number, messages: number) => ({ actors, messages: Math.max(actors, messages) });

export const actorsSweep: Sweep = {
  name: 'actors-sweep',
  suite: 'local',
  asks: 'Does a message cost more when it is for one of a million actors?',
  counts: 'messages',
  along: { name: 'actors', label: 'actors in the ring', unit: 'count' },
  points: {
    full: [10, 100, 1_000, 10_000, 100_000, 1_000_000].map((actors) => at(actors, 400_000)),
    quick: [10, 1_000, 100_000].map((actors) => at(actors, 40_000)),
  },
  // Starting a million on both sides takes longer than what is measured.
  plans: { full: { forks: 1, warmups: 1, rounds: 2 }, quick: { forks: 1, warmups: 1, rounds: 1 } },
  completes: ({ messages = 0 }) => messages,
  growth: { of: 'one message to each actor', operations: ({ actors = 0 }) => actors, atMost: 1.25 },
  contenders: [skep('actors-sweep', 'ring'), erlang('actors-sweep', 'ring')],
};
