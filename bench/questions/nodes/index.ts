/** The questions about two nodes on one machine. */
import type { Question } from '../../harness/question.js';
import { callNodes, callNodes128 } from './call-nodes.js';
import { castNodes } from './cast-nodes.js';
import { manyToOneNodes } from './many-to-one-nodes.js';
import { remotePingPong } from './remote-ping-pong.js';
import { streamNodes } from './stream-nodes.js';

export const nodesQuestions: readonly Question[] = [
  castNodes,
  manyToOneNodes,
  callNodes,
  callNodes128,
  remotePingPong,
  streamNodes,
];
