/**
 * Readers and writers of a table of half a million entries that one actor owns, by the same keys in all contenders. Each
 * worker has one request under way, so no mailbox is ever near its bound; each answer is compared with what may be there.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const dictionary: Question = {
  name: 'concurrent-dictionary',
  suite: 'savina',
  asks: 'Savina concurrent dictionary: how many requests a second does the owner of a table answer, one in ten of them a write?',
  counts: 'requests',
  sizes: {
    full: { actors: 20, messages: 10_000, writePercent: 10 },
    quick: { actors: 20, messages: 1_000, writePercent: 10 },
  },
  completes: ({ actors = 0, messages = 0 }) => actors * messages,
  contenders: players('dictionary'),
  plans: longPlans,
};
