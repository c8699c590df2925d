/** Whole jobs, as their users run them. */
import type { Question } from '../../harness/question.js';
import { auditExecutors } from './audit-executors.js';
import { auditKilled } from './audit-killed.js';

export const jobs: readonly Question[] = [auditExecutors, auditKilled];
