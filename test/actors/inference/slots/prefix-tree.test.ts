/** The radix tree of prefixes against a list that is searched from end to end. */
import assert from 'node:assert/strict';
import { PrefixStore } from '#actors/inference/slots/prefix-store';
import { PrefixTree } from '#actors/inference/slots/prefix-tree';
import { commonPrefix } from '#actors/inference/slots/slot-table';
import fc from 'fast-check';
import t from 'tap';

/** Few different tokens and short sequences: much in common. */
const sequence = fc.array(fc.nat(2), { minLength: 1, maxLength: 7 });

t.test('the longest common beginning is found, whatever was stored and deleted before', async () => {
  const steps = fc.array(fc.record({ do: fc.constantFrom('set', 'set', 'delete'), tokens: sequence }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, fc.array(sequence, { minLength: 1, maxLength: 20 }), (all, asked) => {
      const tree = new PrefixTree<string>();
      const twin = new Map<string, readonly number[]>();
      for (const { do: what, tokens } of all) {
        const key = tokens.join(' ');
        if (what === 'set') {
          tree.set(tokens, key);
          twin.set(key, tokens);
        } else assert.equal(tree.delete(tokens), twin.delete(key));
        assert.equal(tree.size, twin.size);
      }
      for (const tokens of asked) {
        const most = Math.max(0, ...[...twin.values()].map((stored) => commonPrefix(stored, tokens)));
        const found = tree.longest(tokens);
        assert.equal(found?.length ?? 0, most);
        if (found !== undefined)
          assert.equal(commonPrefix(twin.get(found.value) ?? [], tokens), most, 'of one that is stored');
      }
    }),
    { numRuns: 300 },
  );
});

t.test('a store keeps within its bytes, and gives up what was used least recently', async (t) => {
  const store = new PrefixStore(100);
  const a = store.keep([1, 1, 1], 40);
  const b = store.keep([2, 2, 2], 40);
  if (a === undefined || b === undefined) throw new Error('there was room');
  t.equal(store.keep([3], 101), undefined, 'larger than all of it');
  store.used(a.kept.key);
  const c = store.keep([3, 3, 3], 40);
  t.same(c?.evicted, [b.kept]);
  t.equal(store.bytes, 80);
  t.equal(store.longest([2, 2]), undefined);
  t.equal(store.keep([1, 1], 10), undefined, 'the beginning of one that is kept');
  const longer = store.keep([1, 1, 1, 4], 45);
  t.same(longer?.evicted, [a.kept], 'a longer one takes the place of its beginning');
  t.match(store.longest([1, 1, 9]), { length: 2, value: { key: longer?.kept.key } });
  store.drop(longer?.kept.key ?? 0);
  t.equal(store.bytes, 40);
  t.equal(new PrefixStore(0).keep([1], 0), undefined, 'no bytes, no store');
});
