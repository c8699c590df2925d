/** How does one actor fare that all others need? Each creature has one request under way, so no mailbox is ever near its bound. */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const chameneos: Question = {
  name: 'chameneos',
  suite: 'savina',
  asks: 'Savina chameneos: how many meetings a second does one actor arrange between a hundred others (four messages each)?',
  counts: 'meetings',
  sizes: { full: { actors: 100, meetings: 200_000 }, quick: { actors: 100, meetings: 5_000 } },
  completes: ({ meetings = 0 }) => meetings,
  contenders: players('chameneos'),
  plans: longPlans,
};
