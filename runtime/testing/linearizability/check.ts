/**
 * Is a history linearizable? Part by part, with a bound on the work: the question is NP-complete (Gibbons and Korach,
 * "Testing shared memories", SIAM J. Comput. 1997), so an answer of "unknown" is possible and is never taken for a yes.
 */
import type { History, Operation } from './history.js';
import { search } from './search.js';
import type { Specification } from './specification.js';

/** Why a history is not linearizable, for a person to read. */
export interface Account<Input, Output> {
  /** The part of the object; empty for an object without parts. */
  readonly part: string;
  /** The longest order that was found: it explains every reply up to the one that nothing explains. */
  readonly prefix: readonly Operation<Input, Output>[];
  /** Cannot follow the prefix, or any other order of what was called by then: its reply has no explanation. */
  readonly stuck: Operation<Input, Output>;
  /** Open at the time of that reply, without a place in the prefix. */
  readonly open: readonly Operation<Input, Output>[];
}

/** The answer. `work` counts configurations. */
export type Verdict<Input, Output> =
  | { readonly verdict: 'linearizable'; readonly work: number }
  | { readonly verdict: 'refused'; readonly work: number; readonly account: Account<Input, Output> }
  /** The budget was spent before there was an answer. */
  | { readonly verdict: 'unknown'; readonly work: number };

/** How to check. */
export interface CheckOptions {
  /** How many configurations may be made, in all parts together. Default 1,000,000, a few seconds. */
  readonly budget?: number;
}

/**
 * Holds a history against a specification.
 * @throws RangeError for an operation that was answered before it was called.
 */
export function checkLinearizable<State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: History<Input, Output>,
  { budget = 1_000_000 }: CheckOptions = {},
): Verdict<Input, Output> {
  const shared = { left: budget };
  let exhausted = false;
  for (const [part, operations] of parts(specification, history)) {
    const found = search(specification, operations, shared);
    if (found.type === 'none') {
      const { order, stuck, open } = found;
      return { verdict: 'refused', work: budget - shared.left, account: { part, prefix: order, stuck, open } };
    }
    // A later part may still be refused, which is worth more than not to know.
    if (found.type === 'exhausted') {
      exhausted = true;
      shared.left = 0;
    }
  }
  return { verdict: exhausted ? 'unknown' : 'linearizable', work: budget - shared.left };
}

function parts<State, Input, Output>(
  { part }: Specification<State, Input, Output>,
  history: History<Input, Output>,
): ReadonlyMap<string, History<Input, Output>> {
  if (part === undefined) return new Map([['', history]]);
  const byPart = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    const name = part(operation.input);
    const operations = byPart.get(name);
    if (operations === undefined) byPart.set(name, [operation]);
    else operations.push(operation);
  }
  return byPart;
}

/** An account in words, a line each: the end of the prefix, then what cannot follow. */
export function describeAccount<Input, Output>(
  { part, prefix, stuck, open }: Account<Input, Output>,
  shown = 8,
): readonly string[] {
  const hidden = Math.max(0, prefix.length - shown);
  return [
    ...(part === '' ? [] : [`in ${part}:`]),
    ...(hidden === 0 ? [] : [`... ${hidden} operations before`]),
    ...prefix.slice(hidden).map((operation) => `    ${describe(operation)}`),
    `  ! ${describe(stuck)} cannot follow, in this or any other order`,
    ...open.map((operation) => `  ? ${describe(operation)} was open and has no place before it`),
  ];
}

function describe<Input, Output>({ client, input, callAt, reply }: Operation<Input, Output>): string {
  const outcome = reply === undefined ? `${callAt}..? no reply` : `${callAt}..${reply.at} => ${JSON.stringify(reply.output)}`;
  return `client ${client} ${JSON.stringify(input)} ${outcome}`;
}
