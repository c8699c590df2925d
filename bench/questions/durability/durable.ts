/**
 * How many increments a second can be promised to outlive a crash? One actor pays for a flush with each increment; a
 * thousand share one. Beside it, the same engine without actors, and two stores that people know.
 */
import { erlang, skep } from '../../harness/process.js';
import type { Contender, Question } from '../../harness/question.js';

const ours: readonly Contender[] = [
  skep('durable', 'actors-disk'),
  skep('durable', 'actors-process', { name: 'skep, sync process' }),
];

const common = {
  suite: 'durability',
  counts: 'increments',
  completes: ({ increments = 0 }) => increments,
  plans: { full: { forks: 2, warmups: 1, rounds: 3 }, quick: { forks: 1, warmups: 0, rounds: 1 } },
} as const satisfies Partial<Question>;

export const durableOne: Question = {
  ...common,
  name: 'durable-one',
  asks: 'How many increments a second does one actor persist, each flushed to disk before it is acknowledged and the next is made?',
  sizes: { full: { actors: 1, increments: 1_000 }, quick: { actors: 1, increments: 200 } },
  contenders: [
    ...ours,
    skep('durable', 'lmdb-disk', { name: 'plain lmdb, a transaction each' }),
    skep('durable', 'sqlite', { name: 'SQLite, WAL, synchronous FULL' }),
    erlang('durable', 'disk-log', 'Erlang/OTP disk_log with sync'),
  ],
};

export const durableMany: Question = {
  ...common,
  name: 'durable-many',
  asks: 'How many increments a second do a thousand actors persist that share flushes (group commit)?',
  sizes: { full: { actors: 1_000, increments: 30_000 }, quick: { actors: 1_000, increments: 4_000 } },
  contenders: [...ours, skep('durable', 'lmdb-disk', { name: 'plain lmdb, a transaction for every 1,000' })],
};
