/**
 * States that can come about: three replicas of one document that update it and merge each other's states, as a list of
 * steps, so that a failing one is a list.
 */
import { contextOf, lastOf } from '#protocols/crdt/context';
import type { ReplicaId } from '#protocols/crdt/dot';
import { type Clock, clockStart, stampEvent } from '#protocols/crdt/hlc';
import { type Kind, kinds } from '#protocols/crdt/kind';
import { mutate, type Operation } from '#protocols/crdt/operation';
import { bottom, type Causal, join } from '#protocols/crdt/store';
import fc from 'fast-check';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One thing that happens. */
export type Step =
  | { readonly type: 'mutate'; readonly at: number; readonly operation: Operation }
  | { readonly type: 'merge'; readonly at: number; readonly from: number };

/** Replicas of one document. */
export class Replicas {
  readonly kind: Kind;
  readonly states: Causal[] = [bottom, bottom, bottom];
  /** All deltas that mutators gave, by replica, in order. */
  readonly deltas: Causal[][] = [[], [], []];
  /** Pairs of an earlier state of a replica and a later one. */
  readonly grown: (readonly [Causal, Causal])[] = [];
  /** The stamp of the last operation; of all replicas, so no two are equal. */
  clock: Clock = clockStart;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  /** The delta of an operation, which is merged where it was made. */
  mutate(at: number, operation: Operation): Causal {
    const before = this.state(at);
    const replica = `r${at}.1` as ReplicaId;
    this.clock = stampEvent(this.clock, 0);
    const dot = { replica, counter: lastOf(before.context, replica) + 1 };
    const delta = mutate(this.kind, before, operation, { dot, stamp: this.clock });
    if (typeof delta === 'string') throw new Error(`${operation.type} of a ${this.kind} is refused: ${delta}`);
    this.deltas[at]?.push(delta);
    this.#become(at, join(before, delta));
    return delta;
  }

  merge(at: number, from: number): void {
    this.#become(at, join(this.state(at), this.state(from)));
  }

  /** Merges all into all. */
  settle(): Causal {
    return this.states.reduce(join, bottom);
  }

  run(steps: readonly Step[]): this {
    for (const step of steps) {
      if (step.type === 'mutate') this.mutate(step.at, step.operation);
      else this.merge(step.at, step.from);
    }
    return this;
  }

  state(at: number): Causal {
    return this.states[at] ?? bottom;
  }

  #become(at: number, after: Causal): void {
    this.grown.push([this.state(at), after]);
    this.states[at] = after;
  }
}

const key = fc.constantFrom('a', 'b', 'ü', '');
const value = fc.constantFrom('', 'x', 'yy').map(bytes);

/** Operations that a kind takes. */
export function operations(kind: Kind, depth = 1): fc.Arbitrary<Operation> {
  const by = fc.integer({ min: 1, max: 9 });
  const clear = fc.constant<Operation>({ type: 'clear' });
  switch (kind) {
    case 'g-counter':
      return by.map((amount) => ({ type: 'increment', by: amount }));
    case 'pn-counter':
      return fc.record({ type: fc.constantFrom('increment' as const, 'decrement' as const), by });
    case 'lww-register':
    case 'mv-register':
      return fc.oneof(
        { weight: 5, arbitrary: value.map((one): Operation => ({ type: 'assign', value: one })) },
        { weight: 1, arbitrary: clear },
      );
    case 'flag':
      return fc.constantFrom<Operation>({ type: 'enable' }, { type: 'disable' });
    case 'or-set':
      return fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({ type: fc.constantFrom('add' as const, 'remove' as const), element: key }),
        },
        { weight: 1, arbitrary: clear },
      );
    case 'lww-map':
      return fc.oneof(
        fc.record({ type: fc.constant('put' as const), key, value }),
        fc.record({ type: fc.constant('delete' as const), key }),
      );
    case 'or-map': {
      const child = depth > 2 ? fc.constant('or-set' as const) : fc.constantFrom(...kinds);
      return child.chain((of) =>
        fc.oneof(
          {
            weight: 4,
            arbitrary: fc.record({
              type: fc.constant('update' as const),
              kind: fc.constant(of),
              key,
              operation: operations(of, depth + 1),
            }),
          },
          { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const), kind: fc.constant(of), key }) },
        ),
      );
    }
  }
}

const place = fc.nat(2);

/** Steps of three replicas of a document of that kind. */
export function histories(kind: Kind, maxLength = 30): fc.Arbitrary<readonly Step[]> {
  return fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ type: fc.constant('mutate' as const), at: place, operation: operations(kind) }),
      },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('merge' as const), at: place, from: place }) },
    ),
    { maxLength },
  );
}

/** A context of some dots of two replicas. */
export const contexts = fc
  .array(
    fc.record({
      replica: fc.constantFrom('a.1' as ReplicaId, 'b.1' as ReplicaId),
      counter: fc.integer({ min: 1, max: 12 }),
    }),
  )
  .map(contextOf);
