/** What the harness runs and what comes of it: benches with a name, and one section of the results from each. */
import { type LoadAnswer, loadBench, measureLoad } from '../load/load.js';
import { type Answer, measure, type MeasureOptions } from './measure.js';
import type { Contender, Question, Size } from './question.js';
import { measureSweep, type Sweep, type SweepAnswer } from './sweep.js';

/** A section of the results, by its kind. */
export type Section = Answer | SweepAnswer | LoadAnswer;

/** Something that the harness can run by its name. */
export interface Bench {
  readonly name: string;
  readonly suite: string;
  /** One line for the list. */
  readonly asks: string;
  readonly run: (options: MeasureOptions) => Promise<Section>;
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
    run: (options) => measure(question, options),
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
    run: (options) => measureSweep(sweep, options),
    ...(contender === undefined || full === undefined || quick === undefined
      ? {}
      : { profiled: { contender, sizes: { full, quick } } }),
  };
}

/** The scenarios of load as something to run. */
export const loadScenarios: Bench = { ...loadBench, run: measureLoad };
