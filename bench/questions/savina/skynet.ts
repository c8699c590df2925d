/**
 * A tree of actors, ten below each, down to a million leaves (github.com/atemerev/skynet); the sum of the leaves is compared
 * and all actors are counted. Ours are supervised by the actor above them, and so are nact's; Erlang's are processes
 * without a supervisor, its cheapest. nact takes part in a tree of a tenth only: NACT
 */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';
import { longPlans } from './players.js';

const flags = ['--max-old-space-size=6144'];
const [ours, theirs] = [skep('savina/skynet', 'skynet', { flags }), erlang('savina', 'skynet')];

const common: Pick<Question, 'suite' | 'counts' | 'completes'> = {
  suite: 'savina',
  counts: 'actors',
  completes: ({ leaves = 0 }) => (10 * leaves - 1) / 9,
};

export const skynet: Question = {
  ...common,
  name: 'skynet',
  asks: 'Skynet: how many actors a second start ten others each, or give their number, add up what they get and end?',
  sizes: { full: { leaves: 1_000_000 }, quick: { leaves: 1_000 } },
  contenders: [ours, theirs],
  plans: { full: { forks: 2, warmups: 0, rounds: 1 }, quick: { forks: 1, warmups: 1, rounds: 1 } },
};

export const skynetTenth: Question = {
  ...common,
  name: 'skynet-100k',
  asks: 'Skynet with a hundred thousand leaves: how many actors a second start, add up what they get and end?',
  sizes: { full: { leaves: 100_000 }, quick: { leaves: 1_000 } },
  contenders: [ours, theirs, nodePeer('nact', 'nact/savina/skynet.mjs', 'skynet', flags)],
  plans: longPlans,
};
