/** Questions about a model in its process, beside node-llama-cpp without one. All compute on one thread of a processor. */
import { skep } from '../../harness/process.js';
import type { Question } from '../../harness/question.js';

const ours = (work: string, name = 'skep') => skep('inference', work, { name });
const direct = (work: string, name = 'node-llama-cpp') => skep('inference', work, { name });

const plans = {
  full: { forks: 2, warmups: 1, rounds: 3 },
  quick: { forks: 1, warmups: 1, rounds: 1 },
};

const answersOf = (name: string, millions: number, tokens: number, gain: number, share: number): Question => ({
  name,
  suite: 'inference',
  asks: `How many tokens a second do eight answers have together, from ${millions === 0 ? 'a tiny model, where all that is not computing shows' : `a model of ${millions} million weights`}?`,
  counts: 'tokens',
  sizes: {
    full: { millions, sequences: 8, tokens },
    quick: { millions, sequences: 8, tokens: Math.ceil(tokens / 4) },
  },
  completes: ({ sequences = 0, tokens: each = 0 }) => sequences * each,
  contenders: [
    ours('skep'),
    ours('skep-serial', 'skep, one after another'),
    direct('direct'),
    direct('direct-serial', 'node-llama-cpp, one after another'),
  ],
  goals: [
    { row: 'eight answers at once', against: 'skep, one after another', atLeast: gain },
    { row: 'a model behind its process', against: 'node-llama-cpp', atLeast: share },
  ],
  plans,
});

const gap: Question = {
  name: 'inference-gap',
  suite: 'inference',
  asks: 'Three answers are being read when a prompt of 1,500 tokens arrives: how long do their readers wait for a token at the longest?',
  counts: 'prompts',
  sizes: { full: { millions: 26, sequences: 4 }, quick: { millions: 0, sequences: 4 } },
  completes: () => 1,
  figure: { measure: 'longest gap ms', better: 'less' },
  contenders: [ours('gap-skep'), direct('gap-direct')],
  goals: [{ row: 'longest wait for a token beside a long prompt', against: 'node-llama-cpp', atLeast: 5 }],
  plans,
};

const cancel: Question = {
  name: 'inference-cancel',
  suite: 'inference',
  asks: 'A prompt of 1,500 tokens is cancelled while it is computed: how long until the next request has its first token?',
  counts: 'cancellations',
  sizes: { full: { millions: 26, sequences: 1 }, quick: { millions: 0, sequences: 1 } },
  completes: () => 1,
  figure: { measure: 'cancel ms', better: 'less' },
  contenders: [ours('cancel-skep'), direct('cancel-direct')],
  goals: [{ row: 'cancellation of a long prompt', against: 'node-llama-cpp', atLeast: 10 }],
  plans,
};

const prefix: Question = {
  name: 'inference-prefix',
  suite: 'inference',
  asks: 'How long until the first token of a prompt of 1,500 tokens whose beginning was computed before?',
  counts: 'prompts',
  sizes: { full: { millions: 26, sequences: 1 }, quick: { millions: 0, sequences: 1 } },
  completes: () => 1,
  figure: { measure: 'first token ms', better: 'less' },
  contenders: [
    ours('known-skep'),
    ours('unknown-skep', 'skep, nothing known'),
    direct('unknown-direct', 'node-llama-cpp, nothing known'),
  ],
  goals: [{ row: 'first token of a known beginning', against: 'skep, nothing known', atLeast: 10 }],
  plans,
};

export const inferenceQuestions: readonly Question[] = [
  answersOf('inference-tiny', 0, 400, 2, 0.7),
  answersOf('inference', 26, 40, 1.5, 0.9),
  gap,
  cancel,
  prefix,
];
