/** How long are actors away when the thread that they live on dies, or is stuck and has to be ended? */
import { skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const executorDeath: Question = {
  name: 'executor-death',
  suite: 'supervision',
  asks: 'How long from the end of a thread until every actor on it, supervised from another thread, answers again at its address? No peer restarts a thread.',
  counts: 'actors',
  sizes: { full: { actors: 10_000 }, quick: { actors: 1_000 } },
  completes: ({ actors = 0 }) => actors,
  figure: { measure: 'ms', better: 'less' },
  contenders: [
    skep('executor-death', 'thread-ends'),
    skep('executor-death', 'thread-stuck', { name: 'skep, thread is stuck (limit 500 ms)' }),
  ],
  plans: { full: { forks: 1, warmups: 1, rounds: 5 }, quick: { forks: 1, warmups: 0, rounds: 1 } },
};
