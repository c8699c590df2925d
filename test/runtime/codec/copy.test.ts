/** A copied message goes into a frame as the message itself would, and what happens to the one is not seen in the other. */
import assert from 'node:assert/strict';
import { copyMessage } from '#runtime/codec/copy';
import { decode, encode } from '#runtime/codec/msgpack';
import fc from 'fast-check';
import t from 'tap';

t.test('whatever can be sent is the same on the wire when it was copied first', async () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
  );
  const bytes = fc.uint8Array({ maxLength: 9 });
  const time = fc.date({ noInvalidDate: true });
  const { message } = fc.letrec<{ message: unknown }>((tie) => ({
    message: fc.oneof(
      { maxDepth: 4 },
      leaf,
      bytes,
      time,
      fc.array(tie('message')),
      fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('message')),
    ),
  }));
  fc.assert(
    fc.property(message, (given) => {
      assert.deepEqual(decode(encode(copyMessage(given))), decode(encode(given)));
    }),
    { numRuns: 300 },
  );
});

t.test('a copy does not see what is done to the message afterwards, at any depth', async (t) => {
  const message = { list: [{ n: 1 }], bytes: new Uint8Array([1, 2]), at: new Date(5) };
  const copied = copyMessage(message);
  message.list[0] = { n: 2 };
  message.bytes[0] = 9;
  message.at.setTime(6);
  t.same(copied, { list: [{ n: 1 }], bytes: new Uint8Array([1, 2]), at: new Date(5) });
});

t.test('what cannot be sent comes back as it is, to be refused where frames are made', async (t) => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  t.equal(copyMessage(cycle), cycle);
  const map = new Map();
  t.equal(copyMessage(map), map);
  t.throws(() => encode(copyMessage({ of: () => 1 })), /at of is a function/);
});
