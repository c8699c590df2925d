/** What the harness runs and what comes of it: benches with a name, and one section of the results from each. */
import { type LoadAnswer, loadBench, measureLoad } from '../load/load.js';
import { type Answer, type MeasureOptions, Measuring } from './measure.js';
import type { Contender, Question, Size } from './question.js';
import { measureSweep, type Sweep, type SweepAnswer } from './sweep.js';

/** A section of the results, by its kind. */
export type Section = Answer | SweepAnswer | LoadAnswer;

/** A bench that is being run, part by part; the parts of several benches may alternate. */
export interface Measurement {
  readonly parts: number;
  readonly part: (options: Omit<MeasureOptions, 'quick'>) => Promise<void>;
  /** What the parts so far come to, once there is one. */
  readonly section: () => Section | undefined;
}

/** Something that the harness can run by its name. */
export interface Bench {
  readonly name: string;
  readonly suite: string;
  /** One line for the list. */
  readonly asks: string;
  readonly begin: (quick: boolean) => Measurement;
  /** What a profile is taken of: our contender and its size of work. */
  readonly profiled?: { readonly contender: Contender; readonly sizes: { readonly full: Size; readonly quick: Size } };
}

/** A question as something to run. */
export function benchOf(question: Question): Bench {
  const { name, suite, asks, sizes, contenders } = question;
  const [contender] = contenders;
  return {
    name,
    suite,
    asks,
    begin: (quick) => {
      const measuring = new Measuring(question, quick);
      return {
        parts: measuring.forks,
        part: (options) => measuring.fork(options),
        section: () => measuring.answer(),
      };
    },
    ...(contender === undefined ? {} : { profiled: { contender, sizes } }),
  };
}

/** A sweep as something to run; a profile is taken at its last point. */
export function benchOfSweep(sweep: Sweep): Bench {
  const { name, asks, contenders, points } = sweep;
  const [contender] = contenders;
  const [full, quick] = [points.full.at(-1), points.quick.at(-1)];
  return {
    name,
    suite: 'sweeps',
    asks,
    begin: inOnePart((options) => measureSweep(sweep, options)),
    ...(contender === undefined || full === undefined || quick === undefined
      ? {}
      : { profiled: { contender, sizes: { full, quick } } }),
  };
}

/** The scenarios of load as something to run. */
export const loadScenarios: Bench = { ...loadBench, begin: inOnePart(measureLoad) };

/** What is measured in one go. */
function inOnePart(run: (options: MeasureOptions) => Promise<Section>): Bench['begin'] {
  return (quick) => {
    let found: Section | undefined;
    return {
      parts: 1,
      part: async (options) => {
        found = await run({ ...options, quick });
      },
      section: () => found,
    };
  };
}
