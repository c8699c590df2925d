/** Ways from one placement to another: in steps that keep every promise on the way, and with steps that fail. */
import { diffPlacements, type Step } from '#protocols/placement/diff';
import type { Placement, PlacementItem, PlacementNode } from '#protocols/placement/node';
import { place } from '#protocols/placement/place';
import { newRebalance, type RebalanceEffect, type RebalanceInput, stepRebalance } from '#protocols/placement/rebalance';
import { Random } from '#runtime/testing/random';
import fc from 'fast-check';
import t from 'tap';

const cluster: fc.Arbitrary<readonly PlacementNode[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
    selector: ([id]) => id,
  })
  .map((all) => all.map(([id, weight]) => ({ id, weight, capacity: 4 })));
const items: readonly PlacementItem[] = Array.from({ length: 8 }, (_, index) => ({
  key: `k${index}`,
  replicas: 1 + (index % 2),
}));

/** Walks the steps and complains about the first that breaks a promise. */
function walk(
  before: Placement,
  steps: readonly Step[],
  nodes: readonly PlacementNode[],
): Map<string, string[]> | string {
  const held = new Map([...before].map(([key, ids]) => [key, ids.filter((id) => nodes.some((one) => one.id === id))]));
  const load = (id: string): number => [...held.values()].filter((ids) => ids.includes(id)).length;
  for (const step of steps) {
    const ids = held.get(step.key) ?? [];
    if (step.type === 'drop') {
      held.set(
        step.key,
        ids.filter((id) => id !== step.node),
      );
      continue;
    }
    if (step.from !== undefined && !ids.includes(step.from)) return `${step.key} is not at ${step.from}`;
    held.set(step.key, [...ids, step.to]);
    const capacity = nodes.find(({ id }) => id === step.to)?.capacity ?? 0;
    if (!step.over && load(step.to) > capacity) return `${step.to} is over its capacity`;
  }
  return held;
}

t.test('a diff walked from one placement leads to the other, over no capacity, copies before drops', (t) => {
  fc.assert(
    fc.property(cluster, cluster, (old, now) => {
      const before = place(items, old).placement;
      const after = place(items, now).placement;
      const end = walk(before, diffPlacements(before, after, items, now), now);
      if (typeof end === 'string') return false;
      return items.every(({ key }) => (end.get(key) ?? []).toSorted().join() === after.get(key)?.toSorted().join());
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('nothing is dropped before all copies of its item are made', (t) => {
  const before = new Map([['k', ['a', 'b']]]);
  const after = new Map([['k', ['c', 'd']]]);
  const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  const steps = diffPlacements(before, after, [{ key: 'k', replicas: 2 }], nodes);
  t.same(
    steps.map((step) => (step.type === 'copy' ? `copy ${step.from ?? ''}>${step.to}` : `drop ${step.node}`)),
    ['copy a>c', 'copy a>d', 'drop a', 'drop b'],
  );
  t.end();
});

t.test('full nodes that exchange items: the smallest goes first, over the capacity, and is marked', (t) => {
  const nodes: readonly PlacementNode[] = [
    { id: 'a', capacity: 3 },
    { id: 'b', capacity: 3 },
  ];
  const all: readonly PlacementItem[] = [
    { key: 'large', size: 3 },
    { key: 'small', size: 2 },
  ];
  const before = new Map([
    ['large', ['a']],
    ['small', ['b']],
  ]);
  const after = new Map([
    ['large', ['b']],
    ['small', ['a']],
  ]);
  const steps = diffPlacements(before, after, all, nodes);
  t.same(
    steps.map((step) => `${step.type} ${step.key}${step.type === 'copy' && step.over ? ' over' : ''}`),
    ['copy small over', 'drop small', 'copy large', 'drop large'],
  );
  t.end();
});

t.test('a rebalance gets there whatever fails and changes on the way, with no more than its share at once', (t) => {
  fc.assert(
    fc.property(
      fc.array(cluster, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (all, atOnce, seed) => {
        const random = new Random(seed);
        const state = newRebalance(atOnce);
        const running: Step[] = [];
        let settled = false;
        const feed = (input: RebalanceInput): void => {
          for (const effect of stepRebalance(state, input).effects) take(effect);
        };
        const take = (effect: RebalanceEffect): void => {
          if (effect.type === 'step') running.push(effect.step);
          settled = effect.type === 'settled';
        };
        feed({ type: 'items', items });
        for (const [index, nodes] of all.entries()) {
          settled = false;
          feed({ type: 'nodes', nodes });
          const last = index === all.length - 1;
          for (let round = 0; round < (last ? 500 : 5); round += 1) {
            if (state.running.length > atOnce) return false;
            const [step] = running.splice(random.below(running.length), 1);
            if (step === undefined) feed({ type: 'tick' });
            else feed({ type: random.chance(0.3) ? 'failed' : 'done', step });
            if (last && settled) break;
          }
        }
        const target = place(items, all.at(-1) ?? []).placement;
        return (
          settled &&
          items.every(
            ({ key }) => (state.current.get(key) ?? []).toSorted().join() === target.get(key)?.toSorted().join(),
          )
        );
      },
    ),
    { numRuns: 300 },
  );
  t.end();
});
