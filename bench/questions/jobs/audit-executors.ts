/** Does a second executor make the audit faster, and does memory stay bounded? */
import type { Question } from '../../harness/question.js';
import { auditContender, filesOf } from './audit-run.js';

const digest = { value: '' };

export const auditExecutors: Question = {
  name: 'audit-executors',
  suite: 'jobs',
  asks: 'How much faster is an audit with a second executor, and how much memory do its processes take in all (bound: 1,024 MiB)?',
  counts: 'files',
  sizes: { full: { files: 3_000 }, quick: { files: 200 } },
  completes: filesOf,
  contenders: [
    auditContender('skep, two executors', ['--executors', '2'], digest),
    auditContender('skep, one executor', ['--executors', '1'], digest),
  ],
  plans: { full: { forks: 1, warmups: 0, rounds: 2 }, quick: { forks: 1, warmups: 0, rounds: 1 } },
};
