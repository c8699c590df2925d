/** What the harness runs and what comes of it: benches with a name, and one section of the results from each. */
import { type Answer, measure, type MeasureOptions } from './measure.js';
import type { Contender, Question, Size } from './question.js';

/** A section of the results. */
export type Section = Answer;

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
