/** Chance from a seed: the same everywhere, and even enough for a test. */
import assert from 'node:assert/strict';
import { Random } from '#runtime/testing/index';
import fc from 'fast-check';
import t from 'tap';

t.test('a seed gives the same numbers for ever: these were drawn once and written down', async (t) => {
  const random = new Random(42);
  t.same(
    Array.from({ length: 4 }, () => random.next()),
    [3308293827, 1579791675, 2929259487, 2559673145],
  );
});

t.test('seeds and streams of one seed give different numbers', async () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
      const draw = (random: Random): string => Array.from({ length: 4 }, () => random.next()).join();
      if (one !== other) assert.notEqual(draw(new Random(one)), draw(new Random(other)));
      assert.notEqual(draw(new Random(one)), draw(new Random(one, 1)));
      assert.equal(draw(new Random(one)), draw(new Random(one)));
    }),
  );
});

t.test('numbers stay within their bounds and come about equally often', async (t) => {
  const random = new Random(7);
  const drawn = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i += 1) {
    const value = random.between(5, 14);
    assert.ok(value >= 5 && value <= 14, `drew ${value}`);
    drawn[value - 5] = (drawn[value - 5] ?? 0) + 1;
  }
  for (const count of drawn) t.ok(Math.abs(count - 10_000) < 500, `${count} of 100,000`);
  let hits = 0;
  for (let i = 0; i < 100_000; i += 1) if (random.chance(0.2)) hits += 1;
  t.ok(Math.abs(hits - 20_000) < 700, `${hits} of 100,000`);
  t.equal(random.chance(0), false);
  t.equal(random.chance(1), true);
});

t.test('a shuffle keeps every item, and a pick is one of them', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (items, seed) => {
      const random = new Random(seed);
      const before = [...items];
      const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);
      assert.deepEqual(sorted(random.shuffle(items)), sorted(items));
      assert.deepEqual(items, before);
      assert.ok(items.includes(random.pick(items)));
    }),
  );
});

t.test('a seed that is none, and a pick of nothing, are refused', async (t) => {
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) t.throws(() => new Random(seed), { code: 'BAD_USAGE' });
  t.throws(() => new Random(1).pick([]), { code: 'BAD_USAGE' });
});
