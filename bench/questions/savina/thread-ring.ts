/** What does it cost to go from actor to actor? One message is under way, so no mailbox holds more than one. */
import type { Question } from '../../harness/question.js';
import { players } from './players.js';

export const threadRing: Question = {
  name: 'thread-ring',
  suite: 'savina',
  asks: 'Savina thread ring: how many hops a second does a token make round a ring of actors?',
  counts: 'hops',
  sizes: { full: { actors: 100, hops: 100_000, repeats: 5 }, quick: { actors: 100, hops: 10_000, repeats: 1 } },
  completes: ({ hops = 0, repeats = 0 }) => hops * repeats,
  contenders: players('thread-ring'),
};
