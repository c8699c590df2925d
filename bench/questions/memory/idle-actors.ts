/** What memory does an idle actor take, and how fast do actors start? */
import { erlang, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const flags = ['--expose-gc', '--max-old-space-size=6144'];

export const idleActors: Question = {
  name: 'idle-actors',
  suite: 'memory',
  asks: 'What resident memory does an idle actor take that holds a counter? Each answers afterwards. Whoever starts them touches new memory, so the rate here is that of the system as well.',
  counts: 'actors',
  sizes: { full: { actors: 1_000_000 }, quick: { actors: 50_000 } },
  completes: ({ actors = 0 }) => actors,
  figure: { measure: 'bytes each', better: 'less' },
  contenders: [
    skep('idle', 'one-thread', { flags }),
    skep('idle', 'two-executors', { name: 'skep, two executors', flags }),
    erlang('idle', 'idle'),
  ],
  goals: [{ row: 'memory of an idle actor', against: 'Erlang/OTP', atLeast: 5 }],
  plans: {
    full: { forks: 1, warmups: 0, rounds: 1, once: true },
    quick: { forks: 1, warmups: 0, rounds: 1, once: true },
  },
};

export const spawn: Question = {
  name: 'spawn',
  suite: 'memory',
  asks: 'How many actors a second does an actor start on its own thread? Each answers afterwards, and all have ended before the next run.',
  counts: 'actors',
  sizes: { full: { actors: 100_000 }, quick: { actors: 10_000 } },
  completes: ({ actors = 0 }) => actors,
  contenders: [skep('idle', 'spawn'), erlang('idle', 'spawn')],
  goals: [{ row: 'spawn', against: 'Erlang/OTP', atLeast: 2 }],
};
