/** Streams from thread to thread, all under a window of 64 values. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const streamThreads: Question = {
  name: 'stream-threads',
  suite: 'threads',
  asks: 'How many values a second pass from one thread to another through the stream that answers a call, read by `for await`?',
  counts: 'values',
  sizes: { full: { values: 50_000 }, quick: { values: 5_000 } },
  completes: ({ values = 0 }) => values,
  contenders: [
    skep('messages', 'stream-threads'),
    nodePeer('postMessage', 'postmessage/messages.mjs', 'stream'),
    erlang('messages', 'stream-threads'),
  ],
};
