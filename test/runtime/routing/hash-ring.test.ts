/** The hash ring: which keys move when a node comes or goes, and how evenly they are spread. */
import { HashRing } from '#runtime/routing/hash-ring';
import { hashText, seededRandom } from '#runtime/routing/random';
import fc from 'fast-check';
import t from 'tap';

const KEYS = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9@/]{1,12}$/), { minLength: 1, maxLength: 12 });

t.test('when a node comes only keys that it gets move, about K/N of them, and its going brings them back', (t) => {
  fc.assert(
    fc.property(names, (nodes) => {
      const newcomer = 'newcomer';
      const before = new HashRing(nodes);
      const after = new HashRing([...nodes, newcomer]);
      const moved = KEYS.filter((key) => before.nodeOf(key) !== after.nodeOf(key));
      const share = KEYS.length / (nodes.length + 1);
      return moved.every((key) => after.nodeOf(key) === newcomer) && moved.length < 1.6 * share;
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('the order and repetition in which nodes are listed do not matter', (t) => {
  fc.assert(
    fc.property(names, (nodes) => {
      const ring = new HashRing(nodes);
      const other = new HashRing([...nodes, ...nodes].reverse());
      return KEYS.every((key) => ring.nodeOf(key) === other.nodeOf(key));
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('keys are spread over the nodes within a third of their fair share', (t) => {
  const nodes = Array.from({ length: 8 }, (_, index) => `a@i1/${index}/17`);
  const ring = new HashRing(nodes);
  const counts = new Map<string | undefined, number>();
  for (let n = 0; n < 40_000; n += 1)
    counts.set(ring.nodeOf(`user-${n}`), (counts.get(ring.nodeOf(`user-${n}`)) ?? 0) + 1);
  t.equal(counts.size, 8);
  for (const count of counts.values()) t.ok(Math.abs(count - 5_000) < 1_667, `${count} of a fair 5000`);
  t.equal(new HashRing([]).nodeOf('x'), undefined);
  t.end();
});

t.test('a seed gives one sequence, evenly spread, and texts give different seeds', (t) => {
  const sequence = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  t.same(sequence(7), sequence(7));
  t.notSame(sequence(7), sequence(8));
  const chance = seededRandom(1);
  const buckets = new Array<number>(10).fill(0);
  for (let n = 0; n < 10_000; n += 1) {
    const bucket = Math.floor(chance() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  t.ok(
    buckets.every((count) => count > 850 && count < 1_150),
    buckets.join(),
  );
  t.equal(new Set(KEYS.map(hashText)).size, KEYS.length);
  t.end();
});
