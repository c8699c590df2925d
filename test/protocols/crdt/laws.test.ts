/** The laws of the lattice, for each kind: what makes the order and the number of deliveries not matter. */
import { isVector } from '#protocols/crdt/context';
import { encodeState } from '#protocols/crdt/encoding';
import { type Kind, kinds } from '#protocols/crdt/kind';
import { bottom, type Causal, difference, join } from '#protocols/crdt/store';
import fc from 'fast-check';
import t from 'tap';
import { histories, Replicas } from './history.js';

/** The same bytes: what equality of states means here. */
function same(kind: Kind, one: Causal, other: Causal): boolean {
  return Buffer.compare(encodeState(kind, one), encodeState(kind, other)) === 0;
}

/** Holds for whatever three replicas of a document of each kind come to. */
function holds(law: (replicas: Replicas) => boolean): void {
  for (const kind of kinds)
    fc.assert(
      fc.property(histories(kind), (steps) => law(new Replicas(kind).run(steps))),
      { numRuns: 200 },
    );
}

t.test('merge is commutative, associative and idempotent, for every kind, of states and of deltas', async () => {
  holds(({ kind, states, deltas }) => {
    const some = [...states, ...deltas.flat().slice(-2)];
    for (const x of some)
      for (const y of some) {
        const xy = join(x, y);
        if (!same(kind, xy, join(y, x))) return false;
        if (join(x, x) !== x || join(xy, y) !== xy || join(xy, x) !== xy) return false;
        for (const z of some) if (!same(kind, join(xy, z), join(x, join(y, z)))) return false;
      }
    return true;
  });
});

t.test('a merge that adds nothing gives back the same object', async () => {
  holds((replicas) => {
    const whole = replicas.settle();
    return replicas.states.every((state) => join(whole, state) === whole) && join(whole, bottom) === whole;
  });
});

t.test('merging deltas equals merging states, in any order, doubled and grouped', async () => {
  holds((replicas) => {
    const { kind } = replicas;
    const whole = replicas.settle();
    const deltas = replicas.deltas.flat();
    const backwards = [...deltas, ...deltas].toReversed();
    const odd = [...deltas.filter((_, at) => at % 2 === 1), ...deltas.filter((_, at) => at % 2 === 0)];
    for (const order of [deltas, backwards, odd]) if (!same(kind, order.reduce(join, bottom), whole)) return false;
    // A delta-group is the join of deltas, and merges like them.
    const half = Math.floor(deltas.length / 2);
    const [early, late] = [deltas.slice(0, half), deltas.slice(half)].map((some) => some.reduce(join, bottom));
    return same(kind, join(late ?? bottom, early ?? bottom), whole) && isVector(whole.context);
  });
});

t.test(
  'the difference of two states is a delta that leads from one to the other, and is empty when they are equal',
  async () => {
    holds(({ kind, grown }) =>
      grown.every(([before, after]) => {
        const delta = difference(after, before);
        const leads = same(kind, join(before, delta), after) && same(kind, join(delta, after), after);
        return leads && (before !== after || delta.context.size === 0);
      }),
    );
  },
);
