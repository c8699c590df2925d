/** Calls from thread to thread. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const CALLERS = 128;
const contenders = [
  skep('messages', 'call-threads'),
  nodePeer('postMessage', 'postmessage/messages.mjs', 'call'),
  erlang('messages', 'call-threads'),
  nodePeer('comedy', 'comedy/messages.mjs', 'call'),
];

export const callThreads: Question = {
  name: 'call-threads',
  suite: 'threads',
  asks: 'How long does a call to an actor on another thread take when nothing else is under way?',
  counts: 'calls',
  sizes: { full: { calls: 5_000 }, quick: { calls: 500 } },
  completes: ({ calls = 0 }) => calls,
  contenders,
  figure: { measure: 'p50 us', better: 'less' },
};

export const callThreads128: Question = {
  name: 'call-threads-128',
  suite: 'threads',
  asks: 'How many calls a second does an actor answer to 128 on another thread that each call again when they were answered?',
  counts: 'calls',
  sizes: {
    full: { callers: CALLERS, calls: CALLERS * 400 },
    quick: { callers: CALLERS, calls: CALLERS * 40 },
  },
  completes: ({ calls = 0 }) => calls,
  contenders,
};
