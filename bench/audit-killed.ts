/** What does losing a node cost? */
import { killWorkerAt } from '#test/support/audit';
import { measureAudit, temporaryRepository } from './audit-run.js';
import type { Question } from './harness.js';

export const auditKilled: Question = {
  name: 'audit-killed',
  asks: 'How much longer does an audit on three nodes take when one is killed with SIGKILL at 40 % (goal: under 1.3 times)?',
  prepare: async (quick) => {
    const files = quick ? 300 : 2_000;
    const { path, home, dispose } = temporaryRepository(files);
    const digest = { value: '' };
    const undisturbed = {
      name: 'three nodes',
      run: () => measureAudit(path, home, ['--nodes', '3'], digest).then((figures) => ({ ...figures })),
    };
    const killed = {
      name: 'three nodes, one killed',
      run: async () => {
        const killer = killWorkerAt(0.4);
        const figures = await measureAudit(path, home, ['--nodes', '3'], digest, killer.onLine);
        if (killer.killed() === '') throw new Error('no worker was killed');
        return { ...figures };
      },
    };
    return {
      contenders: [undisturbed, killed],
      rounds: quick ? 1 : 3,
      setting: `A generated repository of ${files.toLocaleString('en')} TypeScript files`,
      dispose,
    };
  },
};
