/** Questions about two executors, each a thread of its own. */
import type { Question } from '../../harness/question.js';
import { callThreads, callThreads128 } from './calls.js';
import { castThreads, manyToOneThreads, pingPongThreads } from './casts.js';
import { streamThreads } from './streams.js';

export const threads: readonly Question[] = [
  castThreads,
  callThreads,
  callThreads128,
  pingPongThreads,
  manyToOneThreads,
  streamThreads,
];
