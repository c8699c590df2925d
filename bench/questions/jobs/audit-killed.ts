/** What does losing a node cost? */
import type { Question } from '../../harness/question.js';
import { auditContender, filesOf } from './audit-run.js';

const digest = { value: '' };

export const auditKilled: Question = {
  name: 'audit-killed',
  suite: 'jobs',
  asks: 'How much longer does an audit on three nodes take when one is killed with SIGKILL at 40 %? Both give the same digest.',
  counts: 'files',
  sizes: { full: { files: 2_000 }, quick: { files: 200 } },
  completes: filesOf,
  contenders: [
    auditContender('skep, one of three nodes killed', ['--nodes', '3'], digest, { killAt: 0.4 }),
    auditContender('skep, three nodes', ['--nodes', '3'], digest),
  ],
  goals: [{ row: 'the audit on 3 nodes with a kill', against: 'skep, three nodes', atLeast: 1 / 1.3 }],
  plans: { full: { forks: 1, warmups: 0, rounds: 2 }, quick: { forks: 1, warmups: 0, rounds: 1 } },
};
