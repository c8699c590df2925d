/** What does a message cost when nothing else is under way? Each side waits for the other, so no mailbox holds more than one. */
import type { Question } from '../../harness/question.js';
import { players, xstate } from './players.js';

export const pingPong: Question = {
  name: 'ping-pong',
  suite: 'savina',
  asks: 'Savina ping-pong: how many messages a second do two actors exchange that wait for each other?',
  counts: 'messages',
  sizes: { full: { pings: 40_000, repeats: 5 }, quick: { pings: 4_000, repeats: 2 } },
  completes: ({ pings = 0, repeats = 0 }) => 2 * pings * repeats,
  contenders: [...players('ping-pong'), xstate('ping-pong')],
  goals: [
    { row: 'ping-pong', against: 'Erlang/OTP', atLeast: 2 },
    { row: 'ping-pong', against: 'nact', atLeast: 10 },
  ],
};
