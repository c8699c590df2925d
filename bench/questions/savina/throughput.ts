/**
 * How fast are many actors filled by one? Ours have mailboxes of the default bound, and the sender waits whenever one of
 * them is behind; the mailboxes of the others have no bound. With each message a receiver computes a sine.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players } from './players.js';

export const throughput: Question = {
  name: 'fork-join-throughput',
  suite: 'savina',
  asks: 'Savina fork-join throughput: how many messages a second do sixty actors handle that one sends?',
  counts: 'messages',
  sizes: { full: { actors: 60, messages: 10_000 }, quick: { actors: 60, messages: 500 } },
  completes: ({ actors = 0, messages = 0 }) => actors * messages,
  contenders: players('throughput'),
  plans: longPlans,
};
