/**
 * What does a short life cost: start, one message, end? Ours are supervised children of the one that starts them, in
 * batches of a thousand, and so are nact's, one by one; Erlang's are processes without a supervisor, its cheapest. The
 * mailbox that hears of the ends has room for one message of each.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const create: Question = {
  name: 'fork-join-create',
  suite: 'savina',
  asks: 'Savina fork-join actor creation: how many actors a second are started, handle one message and end?',
  counts: 'actors',
  sizes: { full: { actors: 40_000 }, quick: { actors: 2_000 } },
  completes: ({ actors = 0 }) => actors,
  contenders: players('create'),
  plans: longPlans,
};
