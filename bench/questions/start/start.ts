/** How long it takes to be there: from the start of a process, or from a command, to an answer. One start is one run. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const plans = { full: { forks: 1, warmups: 1, rounds: 3 }, quick: { forks: 1, warmups: 0, rounds: 1 } };

export const startNode: Question = {
  name: 'start-node',
  suite: 'start',
  asks: 'How long does it take from the start of a process to the answer of the first actor in it?',
  counts: 'nodes',
  sizes: { full: { nodes: 1 }, quick: { nodes: 1 } },
  completes: ({ nodes = 0 }) => nodes,
  contenders: [
    skep('start', 'node'),
    skep('start', 'bare-node', { name: 'Node.js, bare' }),
    erlang('start', 'node'),
    nodePeer('moleculer', 'moleculer/start.mjs', 'node'),
  ],
  figure: { measure: 'ms', better: 'less' },
  plans,
};

export const startCluster: Question = {
  name: 'start-cluster',
  suite: 'start',
  asks: 'How long does it take from `skep up --nodes 3` until `skep status` has heard of all three, and how long does `skep down` take?',
  counts: 'nodes',
  sizes: { full: { nodes: 3 }, quick: { nodes: 3 } },
  completes: ({ nodes = 0 }) => nodes,
  contenders: [
    skep('start', 'cluster'),
    // A nats-server and three processes that do nothing.
    skep('start', 'bare-cluster', { name: 'Node.js, bare' }),
    // A nats-server and three brokers, each of which has called all of them.
    nodePeer('moleculer', 'moleculer/start.mjs', 'cluster'),
  ],
  figure: { measure: 'ms', better: 'less' },
  plans,
};
