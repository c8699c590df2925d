/**
 * Proto.Actor's benchmark of remote messages (`examples/remotebenchmark` of protoactor-go): one node tells an actor of
 * another who is to have the pongs, then sends it pings in one go; each is answered with a pong to an actor of the first
 * node. A ping and its pong count as two messages, as they do there; there are fewer of them here, and each carries a
 * number, of which the sum is checked.
 */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const remotePingPong: Question = {
  name: 'remote-ping-pong',
  suite: 'nodes',
  asks: 'How many messages a second pass between two nodes on the same machine, when each ping sent is answered with a pong?',
  counts: 'messages',
  sizes: { full: { pings: 50_000 }, quick: { pings: 5_000 } },
  completes: ({ pings = 0 }) => 2 * pings,
  contenders: [
    skep('nodes', 'ping-pong'),
    skep('nats', 'ping-pong', { name: 'nats' }),
    erlang('nodes', 'ping-pong'),
    nodePeer('moleculer', 'moleculer/nodes.mjs', 'ping-pong'),
  ],
};
