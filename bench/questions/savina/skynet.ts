/**
 * A tree of actors, ten below each, down to a million leaves (github.com/atemerev/skynet); the sum of the leaves is compared
 * and all actors are counted. Ours are supervised by the actor above them, and so are nact's; Erlang's are processes
 * without a supervisor, its cheapest. The whole tree takes ours and nact's half a minute and more, so it is grown once,
 * and its tenth as often as other long definitions.
 */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';
import { longPlans } from './players.js';

/** A million actors of nact take 4 GiB, more than Node gives by itself. */
const flags = ['--max-old-space-size=6144'];

const tree: Pick<Question, 'suite' | 'counts' | 'completes' | 'contenders'> = {
  suite: 'savina',
  counts: 'actors',
  completes: ({ leaves = 0 }) => (10 * leaves - 1) / 9,
  contenders: [
    skep('savina/skynet', 'skynet', { flags }),
    erlang('savina', 'skynet'),
    nodePeer('nact', 'nact/savina/skynet.mjs', 'skynet', flags),
  ],
};

export const skynetTenth: Question = {
  ...tree,
  name: 'skynet-100k',
  asks: 'A tenth of Skynet: how many actors a second start, add up what they get and end, down to 100,000 leaves?',
  sizes: { full: { leaves: 100_000 }, quick: { leaves: 1_000 } },
  plans: longPlans,
};

export const skynet: Question = {
  ...tree,
  name: 'skynet',
  asks: 'Skynet: how many actors a second start, add up what they get and end, down to a million leaves?',
  sizes: { full: { leaves: 1_000_000 }, quick: { leaves: 1_000 } },
  plans: {
    full: { forks: 1, warmups: 0, rounds: 2, once: true },
    quick: { forks: 1, warmups: 0, rounds: 1, once: true },
  },
};
