/** The questions of the suite, from one message to a million actors. */
import type { Question } from '../../harness/question.js';
import { big } from './big.js';
import { boundedBuffer } from './bounded-buffer.js';
import { chameneos } from './chameneos.js';
import { counting } from './counting.js';
import { create } from './create.js';
import { dictionary } from './dictionary.js';
import { philosophers } from './philosophers.js';
import { pingPong } from './ping-pong.js';
import { skynet, skynetTenth } from './skynet.js';
import { threadRing } from './thread-ring.js';
import { throughput } from './throughput.js';

export const savina: readonly Question[] = [
  pingPong,
  threadRing,
  counting,
  throughput,
  create,
  chameneos,
  big,
  boundedBuffer,
  dictionary,
  philosophers,
  skynetTenth,
  skynet,
];
