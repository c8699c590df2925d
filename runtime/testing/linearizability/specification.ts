/**
 * What an object does when its operations come one after the other. A history of operations that overlap is held against
 * it: linearizable is what some order of one after the other explains.
 */

/** A sequential object. Every function is pure. */
export interface Specification<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after an operation, or undefined when it cannot have this output in this state. `output` is undefined
   * when the outcome is unknown: then it is what the operation does, whatever it would have answered.
   */
  readonly step: (state: State, input: Input, output: Output | undefined) => State | undefined;
  /** Text that two states share only when they are the same. */
  readonly key: (state: State) => string;
  /**
   * True of operations that never change the state, whatever it is. They are put into the order as soon as their output
   * fits, without trying other places: what leaves no trace stands in nobody's way.
   */
  readonly readOnly?: (input: Input) => boolean;
  /**
   * The part of the object that an operation is about, where the object is made of parts that know nothing of each
   * other. A history is linearizable when it is so in each part (P-compositionality: Horn and Kroening, "Faster
   * linearizability checking via P-compositionality", FORTE 2015; for whole objects locality, Herlihy and Wing 1990,
   * theorem 1), and many short histories are far cheaper than a long one.
   */
  readonly part?: (input: Input) => string;
}
