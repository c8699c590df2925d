/**
 * The dumb twin of the checker: every order of every choice of operations, one after the other, without any thought of
 * what is needless. Only for histories that fit on a hand.
 */
import type { History, Operation, Specification } from '#runtime/testing/linearizability/index';

/** Whether some order explains the history. */
export function bruteForce<State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: History<Input, Output>,
): boolean {
  return orderExists(specification, specification.initial, history);
}

function orderExists<State, Input, Output>(
  specification: Specification<State, Input, Output>,
  state: State,
  left: History<Input, Output>,
): boolean {
  // Operations whose outcome is unknown need not happen.
  if (left.every(({ reply }) => reply === undefined)) return true;
  return left.some((operation) => {
    if (left.some((other) => precedes(other, operation))) return false;
    const after = specification.step(state, operation.input, operation.reply?.output);
    if (after === undefined) return false;
    return orderExists(
      specification,
      after,
      left.filter((other) => other !== operation),
    );
  });
}

function precedes(one: Operation<unknown, unknown>, other: Operation<unknown, unknown>): boolean {
  return one !== other && one.reply !== undefined && one.reply.at < other.callAt;
}
