/** Questions about one executor, which is the main thread: nothing is copied, nothing crosses to another thread. */
import type { Question } from '../../harness/question.js';
import { bounces, casts, manyToOne } from './casts.js';
import { call, calls128 } from './calls.js';
import { routers } from './routers.js';
import { stream } from './streams.js';

export const local: readonly Question[] = [casts, call, calls128, manyToOne, bounces, stream, routers];
