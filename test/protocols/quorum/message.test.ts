/** Messages from peers that are broken: dropped where they arrive, never thrown over. */
import { newRing } from '#protocols/quorum/membership';
import type { QuorumMessage } from '#protocols/quorum/message';
import { parseMessage } from '#protocols/quorum/parse';
import { nothing, writeVersion } from '#protocols/quorum/versions';
import { decode, encode } from '#runtime/codec/msgpack';
import fc from 'fast-check';
import t from 'tap';
import { Cluster } from './cluster.js';

const versions = writeVersion(writeVersion(nothing, [], ['a', 1], Buffer.from('x')), [], ['b', 4], Buffer.from('y'));
const sent = { epoch: 1, ref: 7 };
/** One of each type. */
const messages: readonly QuorumMessage[] = [
  { ...sent, type: 'store', key: 'k', versions },
  { ...sent, type: 'store', key: 'k', versions, standFor: 'c' },
  { ...sent, type: 'stored' },
  { ...sent, type: 'fetch', key: 'k' },
  { ...sent, type: 'fetched', versions, complete: true },
  { ...sent, type: 'sync', root: 12 },
  { ...sent, type: 'sync-equal', complete: false },
  { ...sent, type: 'sync-ranges', complete: true, ranges: [[4, 5]] },
  { ...sent, type: 'sync-buckets', ranges: [[4, [[1, 9]]]] },
  { ...sent, type: 'sync-keys', partial: false, buckets: [[4, 1, [['k', 3]]]] },
  { ...sent, type: 'sync-pull', records: [['k', versions]], wanted: ['l'] },
  { ...sent, type: 'sync-push', records: [['k', versions]] },
  { ...sent, type: 'collect', tombstones: [['k', 3]] },
  { ...sent, type: 'consent', keys: ['k'] },
  { ...sent, type: 'drop', tombstones: [['k', 3]] },
  { type: 'behind', epoch: 1 },
  { type: 'ring', epoch: 1, ring: newRing(['a', 'b'], 2) },
];

t.test('a message is the same after the wire', (t) => {
  for (const message of messages) t.same(parseMessage(decode(encode(message))), message, message.type);
  t.end();
});

t.test('a message without one of its fields, or with another in its place, is none', (t) => {
  for (const message of messages)
    for (const field of Object.keys(message).filter((name) => name !== 'standFor')) {
      const { [field]: _gone, ...rest } = message as Record<string, unknown>;
      t.equal(parseMessage(rest), undefined, `${message.type} without ${field}`);
      for (const wrong of [null, -1, 1.5, {}, [[]], [1], 'x'.repeat(600), NaN])
        t.equal(parseMessage({ ...message, [field]: wrong }), undefined, `${message.type}: ${field} ${String(wrong)}`);
    }
  t.end();
});

t.test('versions in another form than the one that equal versions have are none', (t) => {
  const [a, b] = versions.siblings;
  const bad: readonly unknown[] = [
    { ...versions, siblings: [b, a] },
    { ...versions, siblings: [a, a] },
    { clock: versions.clock.toReversed(), siblings: [] },
    { clock: [...versions.clock, ['b', 9]], siblings: [] },
    { clock: [['a', 0]], siblings: [] },
    { clock: [['', 1]], siblings: [] },
    { clock: [['a', 2 ** 53]], siblings: [] },
    { clock: [], siblings: [a] },
    { clock: versions.clock, siblings: [{ dot: ['a', 1], value: 'text' }] },
  ];
  for (const wrong of bad)
    t.equal(parseMessage({ ...sent, type: 'store', key: 'k', versions: wrong }), undefined, JSON.stringify(wrong));
  t.end();
});

t.test('garbage and truncations of packets are dropped, and a node that gets what is left lives on', (t) => {
  const packets = messages.map((message) => encode(message));
  const arrives = (bytes: Uint8Array): QuorumMessage | undefined => {
    try {
      return parseMessage(decode(bytes));
    } catch {
      return undefined;
    }
  };
  for (const packet of packets)
    for (let length = 0; length < packet.length; length += 1) t.equal(arrives(packet.subarray(0, length)), undefined);
  const cluster = new Cluster(['a', 'b', 'c']);
  fc.assert(
    fc.property(
      fc.constantFrom(...packets),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      (packet, flips) => {
        const bytes = packet.slice();
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        const message = arrives(bytes);
        if (message !== undefined) cluster.feed('a', { type: 'receive', from: 'b', message });
        cluster.queue.length = 0;
        return true;
      },
    ),
    { numRuns: 2_000, seed: 1 },
  );
  cluster.tell({ ...cluster.ring, epoch: 2 ** 40 });
  cluster.put('a', 'w', 'fine', 'x');
  cluster.deliver();
  t.same(cluster.answer('w'), ['x']);
  t.end();
});
