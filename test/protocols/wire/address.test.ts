/** Addresses travel as text and are compared as text, so each address has exactly one text. */
import assert from 'node:assert/strict';
import { addressSchema, formatAddress, nameSchema, parseAddress } from '#protocols/wire/address';
import fc from 'fast-check';
import t from 'tap';

const parts = fc.record(
  {
    node: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
    incarnation: fc.oneof(fc.stringMatching(/^[a-z0-9]{1,16}$/), fc.constant('*')),
    executor: fc.integer({ min: 0, max: 9_999 }),
    serial: fc.integer({ min: 0, max: 999_999_999_999_999 }),
  },
  { noNullPrototype: true },
);

t.test('an address that is written is read back as it was', async () => {
  fc.assert(fc.property(parts, (given) => assert.deepEqual(parseAddress(formatAddress(given)), given)));
});

t.test('whatever text is read as an address is the one text of that address', async () => {
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-b]{1,2}@[a-z0-9*]{1,2}\/[0-9]{1,3}\/[0-9]{1,3}$/),
    parts.map((given) => formatAddress(given) as string),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const read = parseAddress(text);
      if (read !== undefined) assert.equal(formatAddress(read), text);
    }),
    { numRuns: 500 },
  );
});

t.test('addresses that take the place of each other in the slots are read as they are', async (t) => {
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < 50_000; n += 1) {
      const given = { node: n % 3 === 0 ? 'a' : 'b', incarnation: 'i', executor: n % 5, serial: n * 8_192 };
      assert.deepEqual(parseAddress(formatAddress(given)), given);
    }
  }
  t.equal(parseAddress('a@i/0/8192')?.serial, 8_192);
});

t.test('text that begins as the address before it and goes on wrongly is no address', async (t) => {
  t.ok(parseAddress('a@i/1/17'));
  for (const rest of ['', '017', '00', '1x', '1/2', ' 1', '1\n', '9'.repeat(16), '-1', '1.5', '١'])
    t.equal(parseAddress(`a@i/1/${rest}`), undefined, JSON.stringify(rest));
  t.equal(parseAddress(`a@i/1/${'9'.repeat(15)}`)?.serial, 999_999_999_999_999);
  t.equal(parseAddress('a@i/1/0')?.serial, 0);
});

t.test('text that is almost an address is none', async (t) => {
  const wrong = ['', 'a', 'a@1/2', 'a@1/2/3/4', 'a@1/02/3', 'a@1/2/03', 'a@1/-1/3', 'a@A/1/2', 'a b@1/2/3', 'a@**/1/2'];
  for (const text of [...wrong, 'a@1/2/3\n', `${'a'.repeat(65)}@1/2/3`, 'a@1/10000/3', `a@1/2/${'9'.repeat(16)}`]) {
    t.equal(parseAddress(text), undefined, JSON.stringify(text));
    t.notOk(addressSchema.safeParse(text).success, `schema: ${JSON.stringify(text)}`);
  }
});

t.test('a flood of addresses does not outgrow the cache, and none is misread for it', async (t) => {
  for (let serial = 0; serial < 70_000; serial += 1) {
    const read = parseAddress(`a@1/2/${serial}`);
    if (read?.serial !== serial) t.fail(`misread ${serial}`);
  }
  t.same(parseAddress('a@1/2/3'), { node: 'a', incarnation: '1', executor: 2, serial: 3 });
});

t.test('a name with a dot, a slash or nothing in it is refused', async (t) => {
  for (const name of ['', 'a.b', 'a/b', '*', 'a b', 'x'.repeat(129)]) t.notOk(nameSchema.safeParse(name).success, name);
  for (const name of ['a', 'A-1_b', 'x'.repeat(128)]) t.ok(nameSchema.safeParse(name).success, name);
});
