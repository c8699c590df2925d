/** Calls to an actor of another node: one after another for the latency, and 128 in flight for the throughput. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Contender, Question } from '../../harness/question.js';

/** Who answers both questions. */
const contenders: readonly Contender[] = [
  skep('nodes', 'call'),
  skep('nats', 'call', { name: 'nats' }),
  erlang('nodes', 'call'),
  nodePeer('moleculer', 'moleculer/nodes.mjs', 'call'),
];

export const callNodes: Question = {
  name: 'call-nodes',
  suite: 'nodes',
  asks: 'How long does a call to an actor of another node on the same machine take, when nothing else is under way?',
  counts: 'calls',
  sizes: { full: { calls: 300 }, quick: { calls: 100 } },
  completes: ({ calls = 0 }) => calls,
  // Effect carries requests between runners by sockets of its own. It would take most of the time of the other question.
  contenders: [...contenders, nodePeer('effect', 'effect/nodes.mjs', 'call')],
  figure: { measure: 'p50 us', better: 'less' },
  goals: [{ row: 'call across nodes: latency', against: 'nats', atLeast: 1 / 1.3 }],
};

export const callNodes128: Question = {
  name: 'call-nodes-128',
  suite: 'nodes',
  asks: 'How many calls a second does an actor of another node on the same machine answer, with 128 of them in flight?',
  counts: 'calls',
  sizes: { full: { calls: 10_000, depth: 128 }, quick: { calls: 1_000, depth: 128 } },
  completes: ({ calls = 0 }) => calls,
  contenders,
  goals: [{ row: 'call across nodes: throughput at depth 128', against: 'nats', atLeast: 3 }],
};
