/** The questions about starting. */
import type { Question } from '../../harness/question.js';
import { startCluster, startNode } from './start.js';

export const startQuestions: readonly Question[] = [startNode, startCluster];
