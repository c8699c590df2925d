/**
 * Philosophers who ask an arbiter for two forks and ask again when they are denied. How often that is depends on the order
 * of messages, so meals are counted and not messages. Each philosopher has one request under way, and no mailbox is ever
 * near its bound.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const philosophers: Question = {
  name: 'dining-philosophers',
  suite: 'savina',
  asks: 'Savina dining philosophers: how many meals a second do philosophers have who share their forks?',
  counts: 'meals',
  sizes: { full: { actors: 20, rounds: 10_000 }, quick: { actors: 20, rounds: 300 } },
  completes: ({ actors = 0, rounds = 0 }) => actors * rounds,
  contenders: players('philosophers'),
  plans: longPlans,
};
