/**
 * Items that an actor reads from another node, of which only so many are under way as the reader gave credit for. Effect
 * and Moleculer have streams with such a bound, too; a NATS subscription has none, and takes what comes.
 */
import { nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const streamNodes: Question = {
  name: 'stream-nodes',
  suite: 'nodes',
  asks: 'How many items a second does an actor read from a stream of an actor of another node on the same machine?',
  counts: 'items',
  sizes: { full: { items: 10_000 }, quick: { items: 1_000 } },
  completes: ({ items = 0 }) => items,
  contenders: [
    skep('nodes', 'stream'),
    skep('nats', 'stream', { name: 'nats' }),
    nodePeer('moleculer', 'moleculer/nodes.mjs', 'stream'),
    nodePeer('effect', 'effect/nodes.mjs', 'stream'),
  ],
};
