/** What does it take to start over? */
import { erlang, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const supervisorRestarts: Question = {
  name: 'supervisor-restarts',
  suite: 'supervision',
  asks: 'How many crashes a second does a supervisor restart, one after another, when the child answers a call after each? Intensity a million in a second, no back-off, no log.',
  counts: 'restarts',
  sizes: { full: { restarts: 2_000 }, quick: { restarts: 200 } },
  completes: ({ restarts = 0 }) => restarts,
  contenders: [skep('restarts', 'restarts'), erlang('restarts', 'restarts')],
};
