/**
 * How fast is the simulator? Each shipped protocol with all of its invariants, beside a protocol that does nothing (what
 * the world costs: network, disks, trace) and a bare heap with a generator (what nobody can be quicker than).
 */
import { shippedModels } from '#cli/simulate/models';
import { skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

export const simulator: Question = {
  name: 'simulator',
  suite: 'simulation',
  asks: 'How many events a second does the simulator step, with every invariant looked at after each of them?',
  counts: 'runs',
  sizes: { full: { runs: 20 }, quick: { runs: 10 } },
  completes: ({ runs = 0 }) => runs,
  contenders: [
    skep('simulator', 'empty', { name: 'skep, an empty protocol' }),
    ...shippedModels.map((model) => skep('simulator', model, { name: `skep, ${model}` })),
    skep('simulator', 'bare', { name: 'a heap and a generator' }),
  ],
  figure: { measure: 'events/s', better: 'more' },
  plans: {
    full: { forks: 3, warmups: 1, rounds: 1 },
    quick: { forks: 1, warmups: 1, rounds: 1 },
  },
};
