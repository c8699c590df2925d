/** A hundred actors of one node cast to one actor of another, each its share of the messages. */
import { erlang, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const manyToOneNodes: Question = {
  name: 'many-to-one-nodes',
  suite: 'nodes',
  asks: 'How many small messages a second does an actor get from a hundred actors of another node on the same machine?',
  counts: 'messages',
  sizes: { full: { messages: 100_000 }, quick: { messages: 10_000 } },
  completes: ({ messages = 0 }) => messages,
  contenders: [skep('nodes', 'many-to-one'), erlang('nodes', 'many-to-one')],
};
