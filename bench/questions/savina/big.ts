/**
 * Many to many: an operation is a ping and its pong. The receivers are drawn by the same generator with the same seeds in
 * all contenders. One ping of each actor is under way, so no mailbox is ever near its bound.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const big: Question = {
  name: 'big',
  suite: 'savina',
  asks: 'Savina big: how many pings a second are answered between actors that choose each other by chance?',
  counts: 'pings',
  sizes: { full: { actors: 120, pings: 20_000 }, quick: { actors: 120, pings: 500 } },
  completes: ({ actors = 0, pings = 0 }) => actors * pings,
  contenders: players('big'),
  plans: longPlans,
};
