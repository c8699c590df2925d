/** The heap under the queue: its order against a sorted list, and what it costs at ten thousand. */
import assert from 'node:assert/strict';
import { Heap } from '#actors/inference/queue/heap';
import fc from 'fast-check';
import t from 'tap';

interface Item {
  readonly id: number;
  key: number;
}

const operations = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('push' as const), key: fc.nat(20) }),
    fc.record({ do: fc.constant('shift' as const) }),
    fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('move' as const), which: fc.nat(), key: fc.nat(20) }),
  ),
  { maxLength: 120 },
);

t.test('whatever is pushed, taken from the middle and moved, the first is the least', async () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const before = (a: Item, b: Item): boolean => a.key < b.key || (a.key === b.key && a.id < b.id);
      const heap = new Heap<Item>(before);
      const twin: Item[] = [];
      for (const [id, step] of steps.entries()) {
        const chosen = 'which' in step ? twin[step.which % Math.max(1, twin.length)] : undefined;
        if (step.do === 'push') {
          const item = { id, key: step.key };
          heap.push(item);
          twin.push(item);
        } else if (step.do === 'shift') {
          assert.equal(heap.shift(), twin.shift());
        } else if (chosen !== undefined && step.do === 'remove') {
          assert.equal(heap.remove(chosen), true);
          assert.equal(heap.remove(chosen), false);
          twin.splice(twin.indexOf(chosen), 1);
        } else if (chosen !== undefined && step.do === 'move') {
          chosen.key = step.key;
          heap.moved(chosen);
        }
        twin.sort((a, b) => (before(a, b) ? -1 : 1));
        assert.equal(heap.first, twin[0]);
        assert.equal(heap.size, twin.length);
      }
    }),
    { numRuns: 200 },
  );
});

t.test('at ten thousand items an operation takes a few comparisons for each level', async (t) => {
  let comparisons = 0;
  const heap = new Heap<Item>((a, b) => {
    comparisons += 1;
    return a.key < b.key;
  });
  const count = 10_000;
  const items = Array.from({ length: count }, (_, id): Item => ({ id, key: (id * 7_919) % count }));
  for (const item of items) heap.push(item);
  const levels = Math.ceil(Math.log2(count));
  for (const one of [
    () => heap.push({ id: count, key: -1 }),
    () => heap.shift(),
    () => heap.remove(items[5_000] as Item),
    () => heap.moved(Object.assign(items[42] as Item, { key: count })),
  ]) {
    comparisons = 0;
    one();
    t.ok(comparisons <= 2 * levels + 2, `${comparisons} comparisons`);
  }
});
