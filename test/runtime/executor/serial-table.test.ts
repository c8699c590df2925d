/** The table of what an executor hosts says what a map would say, and gives back what it took. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SerialTable } from '#runtime/executor/serial-table';
import fc from 'fast-check';
import t from 'tap';

/** Serials of one life, of a later one, and what a stranger may put into an address. */
const serials = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 100 }).map((n) => 2 ** 32 + n),
  fc.constantFrom(999_999_999_999_999, 1.5, -1),
);
const steps = fc.array(fc.tuple(fc.constantFrom('set', 'delete', 'get'), serials), { maxLength: 400 });

t.test('whatever is put in and taken out, the table holds what a map would hold', async () => {
  fc.assert(
    fc.property(steps, (all) => {
      const table = new SerialTable<{ readonly n: number }>();
      const map = new Map<number, { readonly n: number }>();
      let n = 0;
      for (const [step, serial] of all) {
        if (step === 'set' && Number.isSafeInteger(serial) && serial >= 0) {
          const item = { n: (n += 1) };
          table.set(serial, item);
          map.set(serial, item);
        } else if (step === 'delete') assert.equal(table.delete(serial), map.delete(serial));
        assert.equal(table.get(serial), map.get(serial));
        assert.equal(table.has(serial), map.has(serial));
        assert.equal(table.size, map.size);
      }
      const inOrder = (entries: Iterable<readonly [number, unknown]>) => [...entries].sort(([a], [b]) => a - b);
      assert.deepEqual(inOrder(table.entries()), inOrder(map));
    }),
    { numRuns: 300 },
  );
});

t.test('entries come in the order of their serials, oldest first', async (t) => {
  const table = new SerialTable<{ readonly n: number }>();
  for (let n = 0; n < 200; n += 1) table.set(n + 16, { n });
  for (let n = 0; n < 200; n += 3) table.delete(n + 16);
  const left = Array.from({ length: 200 }, (_, n) => n).filter((n) => n % 3 !== 0);
  t.same(
    [...table.values()].map(({ n }) => n),
    left,
  );
});

t.test('a million serials that came and went leave no memory behind', async (t) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heap = (): number => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const table = new SerialTable<object>();
  const item = {};
  const before = heap();
  for (let serial = 0; serial < 1_000_000; serial += 1) table.set(serial, item);
  const full = heap() - before;
  for (let serial = 0; serial < 1_000_000; serial += 1) table.delete(serial);
  const after = heap() - before;
  t.ok(full < 16_000_000, `${full / 1_000_000} bytes an entry`);
  t.ok(after < 200_000, `${after} bytes afterwards`);
  t.equal(table.size, 0);
});
