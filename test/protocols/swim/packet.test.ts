/** Packets: what is written is read, and what is not whole is dropped and counted. */
import type { SwimMessage } from '#protocols/swim/message';
import { crc32 } from '#protocols/swim/crc32';
import { decodePacket, encodeMessage, encodePacket } from '#protocols/swim/packet';
import fc from 'fast-check';
import t from 'tap';
import { alive, Group } from './group.js';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => Buffer.byteLength(text) <= 128);
const number = fc.maxSafeNat();
const incarnation = fc.integer({ min: 1, max: 2 ** 40 });
const entries = fc.array(
  fc.record({ key: fc.string({ maxLength: 9 }), value: fc.option(fc.string({ maxLength: 9 }), { nil: undefined }) }),
  { maxLength: 4 },
);
const full = fc.record({ life: number, base: fc.constant(0), version: number, entries });
const delta = fc.record({ life: number, base: fc.nat(9), version: fc.integer({ min: 9, max: 99 }), entries });
const record = fc.record({
  node: name,
  address: name,
  incarnation,
  status: fc.constantFrom('alive' as const, 'suspect' as const, 'dead' as const, 'left' as const),
  metadata: full,
});
const message: fc.Arbitrary<SwimMessage> = fc.oneof(
  fc.record({ type: fc.constant('ping' as const), seq: number, node: name, replyTo: name, stream: fc.boolean() }),
  fc.record({ type: fc.constant('ping-req' as const), seq: number, node: name, address: name, replyTo: name }),
  fc.record({ type: fc.constant('ack' as const), seq: number, stream: fc.boolean() }),
  fc.record({ type: fc.constant('nack' as const), seq: number, from: name }),
  fc.record({ type: fc.constant('alive' as const), node: name, address: name, incarnation, metadata: delta }),
  fc.record({ type: fc.constantFrom('suspect' as const, 'dead' as const), node: name, incarnation, from: name }),
  fc.record({
    type: fc.constant('push-pull' as const),
    replyTo: name,
    reply: fc.boolean(),
    members: fc.array(record, { maxLength: 4 }),
  }),
);
const messages = fc.array(message, { minLength: 1, maxLength: 6 });
const pack = (all: readonly SwimMessage[]): Uint8Array => encodePacket(all.map(encodeMessage));

t.test('CRC-32 is that of IEEE 802.3', (t) => {
  t.equal(crc32(new TextEncoder().encode('123456789'), 0), 0xcbf43926);
  t.equal(crc32(new TextEncoder().encode('xx123456789'), 2), 0xcbf43926);
  t.end();
});

t.test('what is written is read, whatever the texts and numbers', (t) => {
  fc.assert(
    fc.property(messages, (all) => {
      const read = decodePacket(pack(all));
      // A lone surrogate is written as U+FFFD: what is compared are the bytes that it became.
      return read !== undefined && Buffer.compare(pack(read), pack(all)) === 0;
    }),
    { numRuns: 500 },
  );
  const whole = [alive('naïve ☃ 𝄞', 2 ** 50), { type: 'ack', seq: Number.MAX_SAFE_INTEGER, stream: true }] as const;
  t.same(decodePacket(pack(whole)), whole);
  t.end();
});

t.test('truncated compound dropped: at whatever byte it ends', (t) => {
  fc.assert(
    fc.property(messages, fc.nat(), (all, at) => {
      const packet = pack(all);
      return decodePacket(packet.subarray(0, at % packet.length)) === undefined;
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('malformed compound dropped: any bit that changed on the way', (t) => {
  fc.assert(
    fc.property(messages, fc.nat(), fc.nat(7), (all, at, bit) => {
      const packet = pack(all);
      const index = at % packet.length;
      packet[index] = (packet[index] ?? 0) ^ (1 << bit);
      return decodePacket(packet) === undefined;
    }),
    { numRuns: 300 },
  );
  t.end();
});

/** A body with a checksum that is right. */
function sealed(body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(4 + body.length);
  packet.set(body, 4);
  new DataView(packet.buffer).setUint32(0, crc32(packet, 4));
  return packet;
}

t.test('malformed compound dropped: whatever bytes a peer puts under a right checksum', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (body) => {
      const read = decodePacket(sealed(Uint8Array.of(1, ...body)));
      return read === undefined || read.length > 0;
    }),
    { numRuns: 2_000 },
  );
  const ack = encodeMessage({ type: 'ack', seq: 1, stream: false });
  const bad: readonly (readonly [string, readonly number[]])[] = [
    ['another version', [2, ack.length, ...ack]],
    ['no message', [1]],
    ['a type that is none', [1, 1, 99]],
    ['a message that is longer than its fields', [1, ack.length + 1, ...ack, 0]],
    ['a message that is shorter', [1, ack.length - 1, ...ack.slice(0, -1)]],
    ['a length beyond the end', [1, 100, ...ack]],
    ['a number beyond 2^53', [1, 11, 3, ...Array.from({ length: 9 }, () => 0xff), 0]],
    ['a flag that is neither', [1, 3, 3, 1, 2]],
    ['a name that is empty', [1, 3, 4, 1, 0]],
    ['a text that is not UTF-8', [1, 4, 4, 1, 1, 0xff]],
    ['incarnation 0', [1, 6, 6, 1, 109, 0, 1, 110]],
    ['a list that is longer than the packet', [1, 6, 8, 1, 110, 0, 200, 1]],
  ];
  for (const [what, body] of bad) t.equal(decodePacket(sealed(Uint8Array.from(body))), undefined, what);
  t.same(decodePacket(sealed(Uint8Array.of(1, ack.length, ...ack))), [{ type: 'ack', seq: 1, stream: false }]);
  t.end();
});

t.test('malformed packets are counted and change nothing else', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const { state } = group.node('@n1');
  const before = JSON.stringify([...state.members], (_, value: unknown) => (value instanceof Map ? [...value] : value));
  const packet = pack([alive('n3', 1)]);
  for (const part of [packet.subarray(0, 9), new Uint8Array(0), new Uint8Array(40)])
    t.same(group.step('@n1', { type: 'receive', packet: part }), []);
  t.equal(state.counts.malformed, 3);
  const after = JSON.stringify([...state.members], (_, value: unknown) => (value instanceof Map ? [...value] : value));
  t.equal(after, before);
  t.end();
});

t.test('packet size cap: no packet is larger, however much there is to tell', (t) => {
  for (const packetBytes of [1_024, 1_400]) {
    const group = new Group({ packetBytes });
    group.start('n1');
    group.start('n2');
    group.step('@n2', { type: 'join', seeds: ['@n1'] });
    group.deliver();
    const strangers = Array.from({ length: 400 }, (_, index) => alive(`a member with a long name ${index}`, 1));
    group.receive('@n1', ...strangers);
    group.run(2_000, ['@n1', '@n2']);
    const sizes = group.sent.filter(({ stream }) => !stream).map(({ bytes }) => bytes);
    t.ok(Math.max(...sizes) <= packetBytes);
    t.ok(Math.max(...sizes) > packetBytes - 100, 'and they are filled');
  }
  t.end();
});

t.test('packet size cap: the largest name, address and metadata fit', (t) => {
  const group = new Group({ packetBytes: 1_024 });
  const long = (letter: string): string => letter.repeat(128);
  const metadata = [{ key: 'k', value: 'v'.repeat(500) }];
  group.start(long('a'), { address: long('b'), metadata });
  group.start('n2');
  group.step(long('b'), { type: 'join', seeds: ['@n2'] });
  group.run(3_000);
  t.equal(group.view('@n2', long('a')), 'alive 1');
  t.ok(group.sent.some(({ stream, messages }) => !stream && messages.some(({ type }) => type === 'alive')));
  t.throws(() => group.start(long('a') + 'a'), { code: 'BAD_USAGE' });
  t.throws(() => group.start('n3', { metadata: [{ key: 'k', value: 'v'.repeat(513) }] }), { code: 'BAD_USAGE' });
  t.end();
});
