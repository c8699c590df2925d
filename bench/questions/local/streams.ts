/** Streams on one executor, beside what Node has without actors. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const stream: Question = {
  name: 'stream',
  suite: 'local',
  asks: 'How many values a second pass through the stream that answers a call, read by `for await`? A bare async generator is the floor; in Erlang messages under a window are the stream.',
  counts: 'values',
  sizes: { full: { values: 150_000 }, quick: { values: 15_000 } },
  completes: ({ values = 0 }) => values,
  contenders: [
    skep('messages', 'stream'),
    nodePeer('async generator', 'node/streams.mjs', 'generator'),
    nodePeer('Node Readable', 'node/streams.mjs', 'readable'),
    erlang('messages', 'stream'),
  ],
};
