/** What is plain data, row by row of the table at the head of the codec. */
import assert from 'node:assert/strict';
import { decode, encode } from '#runtime/codec/msgpack';
import fc from 'fast-check';
import t from 'tap';

class Point {
  readonly x = 1;
}

t.test('plain data arrives as it was sent', async () => {
  const key = fc.string().filter((text) => text !== '__proto__');
  const { plain } = fc.letrec((tie) => ({
    plain: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.constant(null), fc.constant(undefined), fc.boolean(), fc.string(), fc.maxSafeInteger()),
      fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
      fc.array(tie('plain'), { maxLength: 5 }),
      fc.dictionary(key, tie('plain'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(plain, (value) => {
      assert.deepEqual(decode(encode(value)), value);
    }),
    { numRuns: 300 },
  );
});

t.test('bytes and dates keep their kind', async (t) => {
  const bytes = decode(encode(new Uint8Array([1, 2, 255])));
  t.ok(bytes instanceof Uint8Array);
  t.same([...(bytes as Uint8Array)], [1, 2, 255]);
  const date = decode(encode({ at: new Date('2026-11-21T10:00:00.123Z') })) as { readonly at: Date };
  t.ok(date.at instanceof Date);
  t.equal(date.at.toISOString(), '2026-11-21T10:00:00.123Z');
});

t.test('an object without a prototype arrives as an ordinary one, -0 as 0, a hole as undefined', async (t) => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  t.strictSame(decode(encode(bare)), { a: 1 });
  t.ok(Object.is(decode(encode(-0)), 0));
  // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
  t.strictSame(decode(encode([1, , 3])), [1, undefined, 3]);
});

t.test('what msgpack would bend is refused with its path, and nothing of it is sent', async (t) => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['a function', { on: { done: () => {} } }, /the value at on\.done is a function/],
    ['a method', { run() {} }, /at run is a function/],
    ['a symbol', [1, Symbol('s')], /at 1 is a symbol/],
    ['a BigInt', { n: 5n }, /at n is a bigint/],
    ['a Map', { index: new Map([['a', 1]]) }, /at index is a Map/],
    ['a Set', new Set([1]), /the value is a Set/],
    ['an instance', { points: [new Point()] }, /at points\.0 is a Point/],
    ['an error', { error: new Error('x') }, /at error is a Error/],
    ['a float array', { v: new Float32Array(2) }, /at v is a Float32Array/],
    ['a promise', Promise.resolve(1), /the value is a Promise/],
    ['a regular expression', /a/, /the value is a RegExp/],
  ];
  for (const [what, value, message] of cases) t.throws(() => encode(value), { name: 'TypeError', message }, what);
});

t.test('a cycle and absurd nesting are refused, not a crash', async (t) => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  t.throws(() => encode(cycle), RangeError);
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  t.throws(() => encode(deep), RangeError);
  // The same from a peer: 100,000 arrays of one element each.
  t.throws(() => decode(new Uint8Array(100_000).fill(0x91)));
});

t.test('a hostile key never becomes a prototype', async (t) => {
  const sent = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}') as object;
  const received = decode(encode(sent)) as Record<string, unknown>;
  t.equal(Object.getPrototypeOf(received), Object.prototype);
  t.equal(({} as Record<string, unknown>)['admin'], undefined);
  t.same(received['__proto_'], { admin: true });
  // Packed by hand, as a peer would: {"__proto__": {"x": 1}}.
  const packed = Buffer.from('81a95f5f70726f746f5f5f81a17801', 'hex');
  t.equal((decode(packed) as Record<string, unknown>)['x'], undefined);
});

t.test('the bytes own their memory: packing again does not change what was packed', async (t) => {
  const first = encode({ text: 'one' });
  encode({ text: 'two, and longer than the first' });
  t.same(decode(first), { text: 'one' });
  t.equal(first.byteOffset, 0);
  t.equal(first.buffer.byteLength, first.byteLength);
});
