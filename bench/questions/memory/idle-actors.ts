/** What does an idle actor cost, and how fast do actors start? */
import { erlang, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const flags = ['--expose-gc', '--max-old-space-size=6144'];
const starts = { measure: 'actors/s', better: 'more' } as const;

export const idleActors: Question = {
  name: 'idle-actors',
  suite: 'memory',
  asks: 'What resident memory does an idle actor take that holds a counter, and how fast do actors start? Each answers afterwards.',
  counts: 'actors',
  sizes: { full: { actors: 1_000_000 }, quick: { actors: 50_000 } },
  completes: ({ actors = 0 }) => actors,
  figure: { measure: 'bytes each', better: 'less' },
  contenders: [
    skep('idle', 'one-thread', { flags }),
    skep('idle', 'two-executors', { name: 'skep, two executors', flags }),
    erlang('idle', 'idle'),
  ],
  goals: [
    { row: 'memory of an idle actor', against: 'Erlang/OTP', atLeast: 5 },
    { row: 'spawn', against: 'Erlang/OTP', atLeast: 2, figure: starts },
  ],
  plans: { full: { forks: 3, warmups: 0, rounds: 1 }, quick: { forks: 1, warmups: 0, rounds: 1 } },
};
