/**
 * How fast is one actor filled by another? Ours has a mailbox of the default bound, 10,000 messages, and its sender waits
 * whenever the receiver is behind; the mailboxes of the others have no bound and their senders never wait. What XState
 * sends is handled before the sender goes on.
 */
import type { Question } from '../../harness/question.js';
import { longPlans, players, xstate } from './players.js';

export const counting: Question = {
  name: 'counting',
  suite: 'savina',
  asks: 'Savina counting: how many messages a second does one actor get that another sends without waiting for answers?',
  counts: 'messages',
  sizes: { full: { messages: 1_000_000 }, quick: { messages: 50_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [...players('counting'), xstate('counting')],
  plans: longPlans,
};
