/** The laws of the lattice, for each kind: what makes the order and the number of deliveries not matter. */
import { isVector } from '#protocols/crdt/context';
import { encodeState } from '#protocols/crdt/encoding';
import { type Kind, kinds } from '#protocols/crdt/kind';
import { bottom, type Causal, difference, join } from '#protocols/crdt/store';
import fc from 'fast-check';
import t from 'tap';
import { histories, Replicas } from './history.js';

const numRuns = 150;

/** The same bytes: what equality of states means here. */
function same(kind: Kind, one: Causal, other: Causal): boolean {
  return Buffer.compare(encodeState(kind, one), encodeState(kind, other)) === 0;
}

for (const kind of kinds) {
  t.test(`${kind}: merge is commutative, associative and idempotent`, async () => {
    fc.assert(
      fc.property(histories(kind), histories(kind), (steps, more) => {
        const replicas = new Replicas(kind).run(steps);
        const [a, b, c] = [replicas.state(0), replicas.state(1), replicas.state(2)];
        // Deltas are elements of the same lattice, and obey the same laws.
        const d = replicas.run(more).deltas.flat().at(-1) ?? bottom;
        for (const [x, y, z] of [
          [a, b, c],
          [a, b, d],
          [d, b, a],
        ] as const) {
          if (!same(kind, join(x, y), join(y, x))) return false;
          if (!same(kind, join(join(x, y), z), join(x, join(y, z)))) return false;
          const xy = join(x, y);
          if (join(x, x) !== x || join(xy, y) !== xy || join(xy, x) !== xy) return false;
        }
        return true;
      }),
      { numRuns },
    );
  });

  t.test(`${kind}: a merge that adds nothing gives back the same object, whatever it is given`, async () => {
    fc.assert(
      fc.property(histories(kind), (steps) => {
        const replicas = new Replicas(kind).run(steps);
        const whole = replicas.settle();
        return replicas.states.every((state) => join(whole, state) === whole) && join(whole, bottom) === whole;
      }),
      { numRuns },
    );
  });

  t.test(`${kind}: merging deltas equals merging states, in any order, doubled and grouped`, async () => {
    fc.assert(
      fc.property(histories(kind), fc.infiniteStream(fc.nat()), (steps, chance) => {
        const replicas = new Replicas(kind).run(steps);
        const whole = replicas.settle();
        const deltas = replicas.deltas.flat();
        const order = [...deltas, ...deltas].toSorted(() => (Number(chance.next().value) % 3) - 1);
        if (!same(kind, order.reduce(join, bottom), whole)) return false;
        // A delta-group is the join of deltas, and merges like them.
        const half = Math.floor(deltas.length / 2);
        const [early, late] = [deltas.slice(0, half), deltas.slice(half)].map((some) => some.reduce(join, bottom));
        return same(kind, join(late ?? bottom, early ?? bottom), whole) && isVector(whole.context);
      }),
      { numRuns },
    );
  });

  t.test(`${kind}: the difference of two states is the least delta that leads from one to the other`, async () => {
    fc.assert(
      fc.property(histories(kind), (steps) => {
        const replicas = new Replicas(kind).run(steps);
        return replicas.grown.every(([before, after]) => {
          const delta = difference(after, before);
          return (
            same(kind, join(before, delta), after) &&
            same(kind, join(delta, after), after) &&
            (before !== after || delta.context.size === 0)
          );
        });
      }),
      { numRuns },
    );
  });
}
