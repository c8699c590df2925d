/** Does a second executor make the audit faster, and does memory stay bounded? */
import { measureAudit, temporaryRepository } from './audit-run.js';
import type { Question } from './harness.js';

export const auditExecutors: Question = {
  name: 'audit-executors',
  asks: 'How much faster is an audit with a second executor, and how much memory does it take in all (bound: 1,024 MiB)?',
  prepare: async (quick) => {
    const files = quick ? 300 : 5_000;
    const { path, home, dispose } = temporaryRepository(files);
    const digest = { value: '' };
    const contenders = [1, 2].map((executors) => ({
      name: `${executors} executor${executors === 1 ? '' : 's'}`,
      run: () =>
        measureAudit(path, home, ['--executors', String(executors)], digest).then((figures) => ({ ...figures })),
    }));
    return {
      contenders,
      rounds: quick ? 1 : 3,
      setting: `A generated repository of ${files.toLocaleString('en')} TypeScript files, one node`,
      dispose,
    };
  },
};
