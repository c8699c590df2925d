/**
 * The search for an order that explains a history: just-in-time linearization (Lowe, "Testing for linearizability",
 * Concurrency and Computation 2017), which is the search of Wing and Gong ("Testing and verifying concurrent objects",
 * JPDC 1993) with the choice put off until a reply asks for it, and with configurations that were met before left out.
 *
 * A configuration is a state and the set of open operations that took effect in it. A call opens an operation. A reply
 * lets each configuration go on to all those in which that operation has taken effect, after some other open ones or
 * none; when there is none left, no order explains the reply, and all before it had one.
 *
 *     call a ── call b ── reply b ─────────────── reply a
 *     {s0}      {s0}      {b: s1}{a,b: s2}{...}   {a,b: s3} ...
 *
 * An operation without a reply stays open for good. Of two configurations that differ only in those, the one in which
 * fewer took effect can do all that the other can, and the other is dropped; without that each lost reply would double
 * the work.
 */
import { happenings, type History, type Operation } from './history.js';
import type { Specification } from './specification.js';

/** How many configurations may still be made; shared by the parts of one check. */
export interface Budget {
  left: number;
}

/** What a search came to. */
export type Found<Input, Output> =
  | { readonly type: 'order'; readonly order: readonly Operation<Input, Output>[] }
  | { readonly type: 'exhausted' }
  | {
      readonly type: 'none';
      /** The longest order that was found before the reply. */
      readonly order: readonly Operation<Input, Output>[];
      /** Its reply has no explanation. */
      readonly stuck: Operation<Input, Output>;
      /** Open at that time and not in `order`, beside `stuck`. */
      readonly open: readonly Operation<Input, Output>[];
    };

interface Configuration<State, Input, Output> {
  readonly state: State;
  /** Open operations that took effect, a bit for the slot of each. */
  readonly taken: bigint;
  /** All that took effect, newest first. */
  readonly last: Link<Input, Output> | undefined;
}

interface Link<Input, Output> {
  readonly operation: Operation<Input, Output>;
  readonly before: Link<Input, Output> | undefined;
  readonly length: number;
}

/** Looks for an order of one history, as a whole. */
export function search<State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: History<Input, Output>,
  budget: Budget,
): Found<Input, Output> {
  return new Search(specification, budget).run(history);
}

class Search<State, Input, Output> {
  readonly #specification: Specification<State, Input, Output>;
  readonly #budget: Budget;
  /** Open operations by slot. Slots are used again, so that sets stay small. */
  readonly #open = new Map<number, Operation<Input, Output>>();
  readonly #slots = new Map<Operation<Input, Output>, number>();
  readonly #free: number[] = [];
  /** Slots of operations without a reply. */
  #unanswered = 0n;

  constructor(specification: Specification<State, Input, Output>, budget: Budget) {
    this.#specification = specification;
    this.#budget = budget;
  }

  run(history: History<Input, Output>): Found<Input, Output> {
    const { initial, readOnly } = this.#specification;
    let now: readonly Configuration<State, Input, Output>[] = [{ state: initial, taken: 0n, last: undefined }];
    for (const { type, operation } of happenings(history)) {
      if (type === 'call') {
        // What changes nothing and told nobody anything explains nothing either.
        if (operation.reply !== undefined || readOnly?.(operation.input) !== true) this.#begin(operation);
        continue;
      }
      const slot = this.#slots.get(operation) as number;
      const next = this.#expand(now, slot);
      if (next === undefined) return { type: 'exhausted' };
      if (next.found.length === 0) return this.#none(operation, next.longest);
      this.#end(operation, slot);
      now = next.found;
    }
    return { type: 'order', order: orderOf(now[0] as Configuration<State, Input, Output>) };
  }

  #begin(operation: Operation<Input, Output>): void {
    const slot = this.#free.pop() ?? this.#open.size;
    this.#open.set(slot, operation);
    this.#slots.set(operation, slot);
    if (operation.reply === undefined) this.#unanswered |= 1n << BigInt(slot);
  }

  #end(operation: Operation<Input, Output>, slot: number): void {
    this.#open.delete(slot);
    this.#slots.delete(operation);
    this.#free.push(slot);
  }

  /** All configurations in which the operation of a slot took effect, without it; undefined when the budget is spent. */
  #expand(
    from: readonly Configuration<State, Input, Output>[],
    slot: number,
  ):
    | {
        readonly found: readonly Configuration<State, Input, Output>[];
        readonly longest: Configuration<State, Input, Output>;
      }
    | undefined {
    const bit = 1n << BigInt(slot);
    const met = new Frontier<State, Input, Output>(this.#specification, this.#unanswered);
    const queue = from.map((configuration) => this.#takeReads(configuration));
    const found: Configuration<State, Input, Output>[] = [];
    const done = new Frontier<State, Input, Output>(this.#specification, this.#unanswered);
    let longest = queue[0] as Configuration<State, Input, Output>;
    for (let next = 0; next < queue.length; next += 1) {
      const configuration = queue[next] as Configuration<State, Input, Output>;
      if (lengthOf(configuration) > lengthOf(longest)) longest = configuration;
      if ((configuration.taken & bit) !== 0n) {
        const without = { ...configuration, taken: configuration.taken & ~bit };
        if (done.add(without)) found.push(without);
        continue;
      }
      if (this.#budget.left <= 0) return undefined;
      for (const after of this.#successors(configuration)) {
        if (!met.add(after)) continue;
        this.#budget.left -= 1;
        queue.push(after);
      }
    }
    return { found, longest };
  }

  /** The configuration with all open reads that its state explains. */
  #takeReads(configuration: Configuration<State, Input, Output>): Configuration<State, Input, Output> {
    const { readOnly, step } = this.#specification;
    if (readOnly === undefined) return configuration;
    let { taken, last } = configuration;
    for (const [slot, operation] of this.#open) {
      const bit = 1n << BigInt(slot);
      if ((taken & bit) !== 0n || !readOnly(operation.input)) continue;
      if (step(configuration.state, operation.input, operation.reply?.output) === undefined) continue;
      taken |= bit;
      last = link(operation, last);
    }
    return taken === configuration.taken ? configuration : { state: configuration.state, taken, last };
  }

  *#successors({
    state,
    taken,
    last,
  }: Configuration<State, Input, Output>): Generator<Configuration<State, Input, Output>> {
    const { readOnly, step } = this.#specification;
    for (const [slot, operation] of this.#open) {
      const bit = 1n << BigInt(slot);
      if ((taken & bit) !== 0n || readOnly?.(operation.input) === true) continue;
      const after = step(state, operation.input, operation.reply?.output);
      if (after !== undefined) yield this.#takeReads({ state: after, taken: taken | bit, last: link(operation, last) });
    }
  }

  #none(stuck: Operation<Input, Output>, longest: Configuration<State, Input, Output>): Found<Input, Output> {
    const open: Operation<Input, Output>[] = [];
    for (const [slot, operation] of this.#open)
      if (operation !== stuck && (longest.taken & (1n << BigInt(slot))) === 0n) open.push(operation);
    return { type: 'none', order: orderOf(longest), stuck, open };
  }
}

/** Configurations that were met, without those that another one makes needless. */
class Frontier<State, Input, Output> {
  readonly #specification: Specification<State, Input, Output>;
  readonly #unanswered: bigint;
  /** Sets of operations without a reply, of which none contains another, by what else a configuration is. */
  readonly #least = new Map<string, bigint[]>();

  constructor(specification: Specification<State, Input, Output>, unanswered: bigint) {
    this.#specification = specification;
    this.#unanswered = unanswered;
  }

  /** False when this configuration, or one that can do all that it can, was met before. */
  add({ state, taken }: Configuration<State, Input, Output>): boolean {
    const key = `${(taken & ~this.#unanswered).toString(36)} ${this.#specification.key(state)}`;
    const set = taken & this.#unanswered;
    const least = this.#least.get(key);
    if (least === undefined) {
      this.#least.set(key, [set]);
      return true;
    }
    if (least.some((other) => (other & set) === other)) return false;
    this.#least.set(key, [...least.filter((other) => (other & set) !== set), set]);
    return true;
  }
}

function link<Input, Output>(
  operation: Operation<Input, Output>,
  before: Link<Input, Output> | undefined,
): Link<Input, Output> {
  return { operation, before, length: (before?.length ?? 0) + 1 };
}

function lengthOf({ last }: Configuration<unknown, unknown, unknown>): number {
  return last?.length ?? 0;
}

function orderOf<Input, Output>(
  configuration: Configuration<unknown, Input, Output>,
): readonly Operation<Input, Output>[] {
  const order: Operation<Input, Output>[] = [];
  for (let at = configuration.last; at !== undefined; at = at.before) order.push(at.operation);
  return order.reverse();
}
