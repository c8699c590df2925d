/**
 * A tree of actors, ten below each, down to a million leaves (github.com/atemerev/skynet); the sum of the leaves is compared
 * and all actors are counted. Ours are supervised by the actor above them. nact takes no part: it took ten seconds for a
 * tenth of the tree, and its memory ends before the whole.
 */
import { erlang, skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const skynet: Question = {
  name: 'skynet',
  suite: 'savina',
  asks: 'Skynet: how many actors a second start ten others each, or give their number, add up what they get and end?',
  counts: 'actors',
  sizes: { full: { leaves: 1_000_000 }, quick: { leaves: 1_000 } },
  completes: ({ leaves = 0 }) => (10 * leaves - 1) / 9,
  contenders: [skep('savina/skynet', 'skynet', { flags: ['--max-old-space-size=6144'] }), erlang('savina', 'skynet')],
  plans: { full: { forks: 2, warmups: 0, rounds: 1 }, quick: { forks: 1, warmups: 1, rounds: 1 } },
};
