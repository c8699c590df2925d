/** Frames: every kind of envelope arrives as it was sent, and no bytes of a stranger get further than BAD_FRAME. */
import assert from 'node:assert/strict';
import { type ActorAddress, formatAddress } from '#protocols/wire/address';
import type { Envelope, ExitReason, Signal, SpawnSpec } from '#protocols/wire/envelope';
import { errorCatalogue, type ErrorCode, SkepError } from '#protocols/wire/error';
import { formatTraceparent, type Traceparent } from '#protocols/wire/trace-context';
import { decodeFrame, encodeFrame } from '#runtime/codec/frame';
import { Again, Flag, VERSION } from '#runtime/codec/frame-layout';
import { FrameWriter } from '#runtime/codec/frame-writer';
import { ValueWriter } from '#runtime/codec/value-writer';
import fc from 'fast-check';
import t from 'tap';

const address: fc.Arbitrary<ActorAddress> = fc
  .record({
    node: fc.constantFrom('a', 'b', 'node-3'),
    incarnation: fc.constantFrom('k3f9', '*'),
    executor: fc.integer({ min: 0, max: 9_999 }),
    serial: fc.integer({ min: 0, max: 2 ** 40 }),
  })
  .map(formatAddress);
const payload = fc.oneof(
  fc.constant(null),
  fc.string(),
  fc.integer(),
  fc.record({ amount: fc.integer(), tags: fc.array(fc.string()) }),
);
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: 65_536 });
const counter = fc.integer({ min: 0, max: 2 ** 52 });
const reason: fc.Arbitrary<ExitReason> = fc.record({
  class: fc.constantFrom(
    'normal',
    'shutdown',
    'killed',
    'noproc',
    'crash',
    'timeout',
    'overload',
    'refusal',
    'budget',
    'stalled',
    'node-down',
  ),
  message: fc.string(),
});
const spec: fc.Arbitrary<SpawnSpec> = fc.record(
  {
    definition: fc.stringMatching(/^[a-z.]{1,20}$/),
    args: payload,
    restart: fc.constantFrom('permanent', 'transient', 'temporary'),
    placement: fc.oneof(
      fc.constantFrom('same' as const, 'system' as const, 'default' as const),
      fc.integer({ min: 0, max: 9 }),
    ),
    name: fc.string(),
    version: fc.integer(),
    parent: address,
    id: fc.string({ minLength: 1, maxLength: 20 }),
    shutdown: fc.oneof(fc.constantFrom('brutal' as const, 'infinity' as const), fc.nat()),
    significant: fc.boolean(),
    essential: fc.boolean(),
  },
  { requiredKeys: ['definition', 'args', 'restart', 'placement'], noNullPrototype: true },
);
const signal: fc.Arbitrary<Signal> = fc.oneof(
  fc.record({ type: fc.constantFrom('monitor', 'demonitor'), watcher: address }),
  fc.record({ type: fc.constant('down'), address, reason }),
  fc.record(
    { type: fc.constantFrom('failed', 'exited'), child: address, reason, incarnation: fc.integer({ min: 1 }) },
    { requiredKeys: ['type', 'child', 'reason'], noNullPrototype: true },
  ),
  fc.record(
    { type: fc.constant('restart'), spec, reason, incarnation: fc.integer({ min: 1 }) },
    { requiredKeys: ['type', 'spec', 'reason'], noNullPrototype: true },
  ),
  fc.record({ type: fc.constantFrom('stop'), reason }),
  fc.record({ type: fc.constantFrom('started', 'halted', 'resume', 'link', 'unlink') }),
  fc.record({ type: fc.constant('halt'), reason, brutal: fc.boolean() }),
  fc.record({ type: fc.constant('exit'), by: fc.constantFrom('link', 'exit', 'kill'), reason }),
  fc.record(
    {
      type: fc.constantFrom('executor-down', 'executor-up'),
      executor: address,
      reason,
      culprit: address,
      nextSerial: fc.maxSafeNat(),
    },
    { requiredKeys: ['type', 'executor', 'reason', 'nextSerial'], noNullPrototype: true },
  ),
);
const error = fc.record({
  code: fc.constantFrom(...(Object.keys(errorCatalogue) as ErrorCode[])),
  message: fc.string(),
  facts: fc.record({ actor: fc.string() }),
});
const hex = (digits: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text));
const trace: fc.Arbitrary<Traceparent> = fc
  .record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() })
  .map(formatTraceparent);
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('cast'),
      to: address,
      from: address,
      name: fc.string(),
      message: payload,
      trace,
      priority: fc.integer({ min: -100, max: 100 }),
    },
    { requiredKeys: ['kind', 'to', 'from', 'name', 'message'], noNullPrototype: true },
  ),
  fc.record(
    {
      kind: fc.constant('call'),
      to: address,
      from: address,
      id,
      name: fc.string(),
      message: payload,
      timeoutMs: fc.oneof(fc.double({ min: 0, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
      chain: fc.array(address, { maxLength: 4 }),
      credit: count,
      trace,
      priority: fc.integer({ min: -100, max: 100 }),
    },
    {
      requiredKeys: ['kind', 'to', 'from', 'id', 'name', 'message', 'timeoutMs', 'chain', 'credit'],
      noNullPrototype: true,
    },
  ),
  fc.record({ kind: fc.constantFrom('reply', 'item'), to: address, id, value: payload }),
  fc.record({ kind: fc.constant('end'), to: address, id }),
  fc.record({ kind: fc.constant('fail'), to: address, id, error }),
  fc.record({ kind: fc.constant('credit'), to: address, from: address, id, count }),
  fc.record({ kind: fc.constant('cancel'), to: address, from: address, id }),
  fc.record({ kind: fc.constant('signal'), to: address, from: address, signal }),
  fc.record({ kind: fc.constant('demand'), to: address, from: address, epoch: counter, sent: counter }),
  fc.record({ kind: fc.constant('grant'), to: address, from: address, epoch: counter, limit: counter }),
  fc.record({ kind: fc.constant('closed'), to: address, from: address, epoch: counter }),
);

/** Bytes of a frame by hand: a head and values, each as it is written; `version` is the first byte. */
function frameOf(head: number, ...values: readonly unknown[]): Uint8Array {
  return bytesOf(VERSION, head, ...values);
}

function bytesOf(version: number, head?: number, ...values: readonly unknown[]): Uint8Array {
  const writer = new ValueWriter();
  writer.clear();
  writer.byte(version);
  if (head !== undefined) writer.byte(head);
  for (const value of values) writer.message(value);
  return writer.take();
}

/** Where a row goes: `a@1/0/1` from `b@2/0/2`, both listed here. */
const WHERE = [0, 'a@1/0/1', 1, 'b@2/0/2'] as const;
const TO = WHERE.slice(0, 2);

/** -0 has no form of its own on the wire. */
function normal(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => (inner === Number.POSITIVE_INFINITY ? 'Infinity' : inner)),
  );
}

t.test('every kind of envelope arrives as it was sent, many in one frame', async () => {
  fc.assert(
    fc.property(fc.array(envelope, { maxLength: 20 }), (sent) => {
      assert.deepEqual(normal(decodeFrame(encodeFrame(sent))), normal(sent));
    }),
    { numRuns: 200 },
  );
});

t.test('a malformed trace context is dropped, and its message is not', async (t) => {
  const good = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const traces: readonly (readonly [unknown, unknown])[] = [
    [good, good],
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    [7, undefined],
    [{}, undefined],
    [good.toUpperCase(), undefined],
    [good.replace('a', 'g'), undefined],
    [good.replaceAll('a', '0'), undefined],
    [good.replaceAll('b', '0'), undefined],
    [good.replace(/^00/, 'ff'), undefined],
    [`${good}-more`, undefined],
    [`${good} `, undefined],
    [good.replace(/^00/, 'cc') + '-more', good],
    [good.replace(/01$/, 'ff'), good],
    [good.replace(/01$/, '02'), good.replace(/01$/, '00')],
    ['x'.repeat(1_000_000), undefined],
  ];
  for (const [sent, expected] of traces) {
    const what = String(sent).slice(0, 70);
    const [cast] = decodeFrame(frameOf(0 | Flag.trace, ...WHERE, 0, 'name', 'message', sent));
    t.match(cast, { kind: 'cast', name: 'name', message: 'message' }, what);
    t.equal(cast?.kind === 'cast' ? cast.trace : 'none', expected, what);
    const [call] = decodeFrame(frameOf(1 | Flag.trace, ...WHERE, 0, 'name', 7, 'message', 100, 0, 0, sent));
    t.equal(call?.kind === 'call' ? call.trace : 'none', expected, what);
  }
});

t.test('an envelope without a trace context has nothing of it on the wire', async (t) => {
  const [to] = fc.sample(address, 1);
  if (to === undefined) throw new Error('no address');
  const cast: Envelope = { kind: 'cast', to, from: to, name: 'n', message: 1 };
  t.same([...encodeFrame([cast])], [...frameOf(0, 0, to, 0, 0, 'n', 1)]);
  t.notOk('trace' in (decodeFrame(encodeFrame([cast]))[0] ?? {}));
});

t.test('an address, a name and the keys of a message that repeat are written once', async (t) => {
  const to = formatAddress({ node: 'a-rather-long-name', incarnation: 'k3f9', executor: 1, serial: 77 });
  const from = formatAddress({ node: 'a-rather-long-name', incarnation: 'k3f9', executor: 2, serial: 78 });
  const cast = (step: number, sender = from): Envelope => {
    return { kind: 'cast', to, from: sender, name: 'advanced', message: { step: step % 64, settled: false } };
  };
  const one = encodeFrame([cast(1)]).length;
  const hundred = encodeFrame(Array.from({ length: 100 }, (_, step) => cast(step))).length;
  t.equal(hundred, one + 99 * 4, 'a head, a shape, a number, a boolean');
  const turns = encodeFrame(Array.from({ length: 100 }, (_, step) => cast(step, step % 2 === 0 ? from : to))).length;
  t.equal(turns, one + 99 * 7, 'and three numbers for where it goes');
});

t.test('what does not fit into a frame, or cannot be sent, leaves no trace in it', async () => {
  const bad = { kind: 'cast', to: 'z@1/0/9', from: 'z@1/0/8', name: 'bad', message: { only: { here: () => {} } } };
  fc.assert(
    fc.property(fc.array(envelope, { maxLength: 12 }), fc.nat({ max: 12 }), fc.nat({ max: 300 }), (sent, at, room) => {
      const writer = new FrameWriter();
      const kept: Envelope[] = [];
      for (const [index, each] of sent.entries()) {
        if (index === at) assert.throws(() => writer.add(bad as unknown as Envelope), TypeError);
        if (writer.add(each, 50 + room)) kept.push(each);
      }
      assert.equal(writer.count, kept.length);
      assert.ok(writer.count <= 1 || writer.length <= 50 + room);
      assert.deepEqual(normal(decodeFrame(writer.take())), normal(kept));
      // The next frame begins with nothing.
      for (const each of sent) writer.add(each);
      assert.deepEqual(normal(decodeFrame(writer.take())), normal(sent));
    }),
    { numRuns: 300 },
  );
});

t.test('bytes that are no frame are BAD_FRAME, whatever they are', async () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.of(VERSION, ...bytes)),
    fc.tuple(fc.nat({ max: 255 }), fc.array(fc.anything(), { maxLength: 8 })).map(([head, row]) => {
      try {
        return frameOf(head, ...WHERE, 0, ...row);
      } catch {
        return bytesOf(VERSION);
      }
    }),
  );
  fc.assert(
    fc.property(garbage, (bytes) => {
      try {
        decodeFrame(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof SkepError && thrown.code === 'BAD_FRAME', String(thrown));
      }
    }),
    { numRuns: 2_000 },
  );
});

t.test('a good frame with any one byte changed is read or is BAD_FRAME', async () => {
  const good = fc.array(envelope, { minLength: 1, maxLength: 5 }).map((sent) => encodeFrame(sent));
  fc.assert(
    fc.property(good, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      try {
        decodeFrame(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof SkepError && thrown.code === 'BAD_FRAME', String(thrown));
      }
    }),
    { numRuns: 500 },
  );
});

t.test('a forged row or signal of the wrong shape is BAD_FRAME with the reason', async (t) => {
  const reasonOk = { class: 'crash', message: 'm' };
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing at all', new Uint8Array(), /end too early/],
    ['another version', bytesOf(1), /version/],
    ['a bad address', frameOf(4, 0, 'nobody', 1), /address is malformed/],
    ['an unknown kind', frameOf(15, ...WHERE), /unknown kind/],
    ['an address that is not listed', frameOf(4, 7, 1), /does not list/],
    ['an address before the first', frameOf(4, -1, 1), /does not list/],
    ['a cast without a name', frameOf(0, ...WHERE, 0, 5, 1), /expected text/],
    ['a name that is not listed', frameOf(0, ...WHERE, 3, 1), /does not list/],
    ['a cast that goes where the one before went, and there is none', frameOf(Again.cast, 1), /none before it/],
    ['a cast that ends too early', frameOf(0, ...WHERE, 0, 'n'), /end too early/],
    ['a call with a negative deadline', frameOf(1, ...WHERE, 0, 'n', 1, 1, -1, 0, 0), /milliseconds/],
    ['a call with a deadline that is no number', frameOf(1, ...WHERE, 0, 'n', 1, 1, Number.NaN, 0, 0), /milliseconds/],
    ['a call with a chain longer than the frame', frameOf(1, ...WHERE, 0, 'n', 1, 1, 5, 0, 2 ** 40, 0), /too early/],
    ['a credit below nothing', frameOf(6, ...WHERE, 1, -5), /credit/],
    ['a credit without bound', frameOf(6, ...WHERE, 1, 2 ** 40), /credit/],
    ['a demand of less than nothing', frameOf(9, ...WHERE, 1, -1), /count/],
    ['a demand of half a message', frameOf(9, ...WHERE, 1, 0.5), /integer/],
    ['a grant beyond all counting', frameOf(10, ...WHERE, 1, 2 ** 52 + 2), /count/],
    ['a grant without an epoch', frameOf(10, ...WHERE, null, 5), /integer/],
    ['an end of a channel that names no actor', frameOf(11, ...TO, 9, 1), /does not list/],
    ['a cast of a priority without bound', frameOf(0 | Flag.priority, ...WHERE, 0, 'n', 1, 101), /priority/],
    ['a cast of half a priority', frameOf(0 | Flag.priority, ...WHERE, 0, 'n', 1, 0.5), /priority/],
    [
      'a call of a priority that is text',
      frameOf(1 | Flag.priority, ...WHERE, 0, 'n', 1, 1, 5, 0, 0, 'high'),
      /priority/,
    ],
    ['an error without a message', frameOf(5, ...TO, 1, { code: 'X' }), /expected an error/],
    ['an error with numbers for texts', frameOf(5, ...TO, 1, { code: 1, message: 2 }), /expected an error/],
    ['a signal that is nothing', frameOf(8, ...WHERE, null), /expected a signal/],
    ['a signal of no known type', frameOf(8, ...WHERE, { type: 'explode' }), /unknown type/],
    ['a signal named like a method', frameOf(8, ...WHERE, { type: 'constructor' }), /unknown type/],
    ['a monitor of nobody', frameOf(8, ...WHERE, { type: 'monitor' }), /no address/],
    ['a down without a reason', frameOf(8, ...WHERE, { type: 'down', address: 'a@1/0/1' }), /reason/],
    [
      'a stop for an unknown class of reason',
      frameOf(8, ...WHERE, { type: 'stop', reason: { class: 'x', message: '' } }),
      /reason/,
    ],
    [
      'a failure of a child that is no address',
      frameOf(8, ...WHERE, { type: 'failed', child: 7, reason: reasonOk }),
      /no address/,
    ],
    ['a halt that is not said to be brutal or not', frameOf(8, ...WHERE, { type: 'halt', reason: reasonOk }), /brutal/],
    ['a halt without a reason', frameOf(8, ...WHERE, { type: 'halt', brutal: true }), /reason/],
    [
      'an exit signal of no known kind',
      frameOf(8, ...WHERE, { type: 'exit', by: 'x', reason: reasonOk }),
      /what sent it/,
    ],
    ['an exit signal without a reason', frameOf(8, ...WHERE, { type: 'exit', by: 'link' }), /reason/],
    [
      'a restart into a life before the first',
      frameOf(8, ...WHERE, {
        type: 'restart',
        spec: { definition: 'd', args: null, restart: 'permanent', placement: 'same' },
        reason: reasonOk,
        incarnation: 0,
      }),
      /incarnation/,
    ],
    [
      'a failure in a life that is no number',
      frameOf(8, ...WHERE, { type: 'failed', child: 'a@1/0/1', reason: reasonOk, incarnation: 'x' }),
      /incarnation/,
    ],
    [
      'a death of an executor without a serial',
      frameOf(8, ...WHERE, { type: 'executor-down', executor: 'a@1/0/0', reason: reasonOk, nextSerial: -1 }),
      /serial/,
    ],
    [
      'a death through the fault of what is no address',
      frameOf(8, ...WHERE, { type: 'executor-up', executor: 'a@1/0/0', reason: reasonOk, nextSerial: 1, culprit: 'x' }),
      /no address/,
    ],
    ['a restart without a spec', frameOf(8, ...WHERE, { type: 'restart', spec: {}, reason: reasonOk }), /definition/],
  ];
  for (const [what, bytes, message] of cases) t.throws(() => decodeFrame(bytes), { code: 'BAD_FRAME', message }, what);
});
