/** One actor casts to an actor of another node. */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const castNodes: Question = {
  name: 'cast-nodes',
  suite: 'nodes',
  asks: 'How many small messages a second does one actor cast to an actor of another node on the same machine?',
  counts: 'messages',
  sizes: { full: { messages: 100_000 }, quick: { messages: 10_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [
    skep('nodes', 'cast'),
    // One publish for each message.
    skep('nats', 'cast', { name: 'nats' }),
    erlang('nodes', 'cast'),
    nodePeer('moleculer', 'moleculer/nodes.mjs', 'cast'),
  ],
  goals: [
    { row: 'cast across nodes', against: 'Erlang/OTP', atLeast: 4 },
    { row: 'cast across nodes', against: 'nats', atLeast: 3 },
    { row: 'cast across nodes', against: 'moleculer', atLeast: 10 },
  ],
};
