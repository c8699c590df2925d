/** Values in frames: plain data arrives as the table of the codec says, whatever its shapes; bytes of a stranger do no harm. */
import assert from 'node:assert/strict';
import { decode, encode } from '#runtime/codec/msgpack';
import { Extension, Tag } from '#runtime/codec/tags';
import { ValueReader } from '#runtime/codec/value-reader';
import { ValueWriter } from '#runtime/codec/value-writer';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import t from 'tap';

const key = fc.oneof(
  fc.string().filter((text) => text !== '__proto__'),
  fc.constantFrom('a', 'b', 'constructor', 'toString', '7', 'a key with "quotes" \\ and \u2028'),
);
const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.constantFrom(null, undefined, true, false, Number.POSITIVE_INFINITY, Number.NaN),
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.string({ unit: 'binary-ascii', maxLength: 90 }),
      fc.maxSafeInteger(),
      fc.integer({ min: -200, max: 200 }),
      fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      // An invalid one equals nothing, itself included; it has an assertion of its own.
      fc.date({ noInvalidDate: true }),
    ),
    fc.array(tie('plain'), { maxLength: 5 }),
    fc.dictionary(key, tie('plain'), { maxKeys: 40, noNullPrototype: true }),
  ),
}));

function written(writer: ValueWriter, values: readonly unknown[]): Uint8Array {
  writer.clear();
  for (const value of values) writer.message(value);
  return writer.take();
}

function read(bytes: Uint8Array): unknown[] {
  const reader = new ValueReader(bytes);
  const values: unknown[] = [];
  while (!reader.done) values.push(reader.value());
  return values;
}

t.test('plain data of any shape arrives as it was sent, frame after frame from one writer', async () => {
  const writer = new ValueWriter();
  fc.assert(
    fc.property(fc.array(plain, { maxLength: 15 }), (values) => {
      assert.deepEqual(read(written(writer, values)), values);
    }),
    { numRuns: 150 },
  );
});

t.test('values arrive as the other codec of the runtime would have them', async (t) => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
  const values = [bare, -0, [1, , 3], JSON.parse('{"__proto__":{"admin":true}}'), new Date(7)];
  const received = read(written(new ValueWriter(), values));
  assert.deepStrictEqual(received, decode(encode(values)));
  t.same(read(written(new ValueWriter(), ['\ud800 alone'])), ['\ufffd alone']);
  t.equal(Object.getPrototypeOf(received[3]), Object.prototype);
  const [invalid] = read(written(new ValueWriter(), [new Date(Number.NaN)]));
  t.ok(invalid instanceof Date && Number.isNaN(invalid.getTime()));
});

t.test('what is written is msgpack with records: msgpackr reads it as we do', async () => {
  const writer = new ValueWriter();
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 15 }), (values) => {
      const bytes = written(writer, values);
      // One value, because msgpackr forgets shapes between the values of a sequence.
      const whole = Buffer.from(written(new ValueWriter(), [values]));
      assert.deepEqual(new Unpackr({ mapsAsObjects: true }).unpack(whole), read(whole)[0]);
      assert.deepEqual(read(bytes), values);
    }),
    { numRuns: 300 },
  );
});

t.test('any msgpack of plain data is read, with and without records, as msgpackr writes it', async () => {
  for (const useRecords of [false, true])
    fc.assert(
      fc.property(plain, (value) => {
        const packed = new Packr({ useRecords, moreTypes: false, useTimestamp32: false }).pack(value);
        assert.deepEqual(read(packed), [new Unpackr({ useRecords }).unpack(packed)]);
      }),
      { numRuns: 150 },
    );
});

t.test('what is not plain data is refused with its path', async (t) => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const writer = new ValueWriter();
  t.throws(() => written(writer, [{ on: [() => {}] }]), {
    name: 'TypeError',
    message: /the value at on\.0 is a function/,
  });
  t.throws(() => written(writer, [{ index: new Map() }]), { name: 'TypeError', message: /at index is a Map/ });
  t.throws(() => written(writer, [{ n: 5n }]), { name: 'TypeError', message: /at n is a bigint/ });
  t.throws(() => written(writer, [new (class Point {})()]), { name: 'TypeError', message: /the value is a Point/ });
  t.throws(() => written(writer, [cycle]), RangeError);
  t.same(read(written(writer, [{ still: 'well' }])), [{ still: 'well' }]);
});

t.test('an object of a shape that thousands had before it arrives as the first did', async (t) => {
  const writer = new ValueWriter();
  const make = (n: number): object => ({ n, 'a "key"': n, constructor: 'text', nested: { n } });
  for (let round = 0; round < 200; round += 1) {
    const values = Array.from({ length: 25 }, (_, n) => make(round * n));
    assert.deepEqual(read(written(writer, values)), values);
  }
  const hostile = JSON.parse('{"__proto__":{"admin":true},"n":1}') as object;
  for (let round = 0; round < 200; round += 1) {
    const received = read(
      written(
        writer,
        Array.from({ length: 25 }, () => hostile),
      ),
    );
    for (const each of received) assert.equal(Object.getPrototypeOf(each), Object.prototype);
  }
  t.equal(({} as Record<string, unknown>)['admin'], undefined);
});

t.test('objects that are never alike arrive, and what is remembered of them has a bound', async (t) => {
  const writer = new ValueWriter();
  for (let round = 0; round < 200; round += 1) {
    const values = Array.from({ length: 50 }, (_, n) => ({ [`key-${round}-${n}`]: n, [`other-${n}`]: round }));
    assert.deepEqual(read(written(writer, values)), values);
  }
  t.ok(writer.known <= 1_024 + 50, `${writer.known} shapes`);
});

t.test('any bytes are read or refused with an error, and no count makes more than the bytes there are', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        read(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof Error);
      }
    }),
    { numRuns: 3_000 },
  );
  const huge = [0xff, 0xff, 0xff, 0xff];
  for (const tag of [Tag.array32, Tag.map32, Tag.bytes32, Tag.text32])
    t.throws(() => read(Uint8Array.of(tag, ...huge, 1)), /larger than what follows/);
  const shape = [Tag.extension1, Extension.shape, Tag.object];
  const keys = Array.from({ length: 33 }, () => Tag.smallText);
  t.throws(() => read(Uint8Array.of(...shape, Tag.array16, 0, 33, ...keys)), /too many/);
  t.throws(() => read(Uint8Array.of(...shape, 7)), /expected keys/);
  t.throws(() => read(Uint8Array.of(Tag.extension1, Extension.shape, Tag.object + 1, Tag.smallArray)), /next number/);
  // Arrays of one array each, deeper than any stack.
  t.throws(() => read(new Uint8Array(100_000).fill(Tag.smallArray + 1)));
});

t.test('the bytes own their memory: writing on does not change what was taken', async (t) => {
  const writer = new ValueWriter();
  const first = written(writer, ['one']);
  written(writer, ['two, and longer than the first']);
  t.same(read(first), ['one']);
  t.equal(first.byteOffset, 0);
  t.equal(first.buffer.byteLength, first.byteLength);
});
