/** Children are found by their addresses and come in the order of their start, wherever they are. */
import assert from 'node:assert/strict';
import { type ActorAddress, formatAddress } from '#protocols/wire/address';
import { ChildTable } from '#runtime/supervision/child-table';
import fc from 'fast-check';
import t from 'tap';

const home = { node: 'a', incarnation: 'i', executor: 1 };
/** Most at home, some on another executor or in another life of the node. */
const addresses = fc
  .record({
    node: fc.constant('a'),
    incarnation: fc.constantFrom('i', 'i', 'i', 'i', 'j'),
    executor: fc.constantFrom(1, 1, 1, 1, 2),
    serial: fc.integer({ min: 16, max: 60 }),
  })
  .map(formatAddress);
const rising = fc
  .uniqueArray(fc.integer({ min: 16, max: 200 }), { maxLength: 60 })
  .map((all) => all.sort((a, b) => a - b).map((serial) => formatAddress({ ...home, serial })));

function check(added: readonly ActorAddress[], others: readonly ActorAddress[], from: typeof home | undefined): void {
  const table = new ChildTable<{ readonly n: number }>(from);
  const map = new Map<ActorAddress, { readonly n: number }>();
  added.forEach((address, n) => {
    const child = { n };
    table.set(address, child);
    map.set(address, child);
    const gone = n % 3 === 2 ? others[n] : undefined;
    if (gone !== undefined) assert.equal(table.delete(gone), map.delete(gone));
  });
  assert.deepEqual(table.addresses(), [...map.keys()]);
  assert.deepEqual([...table.values()], [...map.values()]);
  assert.equal(table.size, map.size);
  for (const address of [...added, ...others]) {
    assert.equal(table.get(address), map.get(address));
    assert.equal(table.has(address), map.has(address));
  }
}

t.test('children in any order and on any executor are those of a map, in its order', async () => {
  const many = fc.array(addresses, { maxLength: 60 });
  const where = fc.constantFrom(home, undefined);
  fc.assert(fc.property(many, many, where, check), { numRuns: 300 });
  fc.assert(fc.property(rising, many, where, check), { numRuns: 300 });
});
