/** What arrives is a message of the protocol or nothing: garbage, truncations, wrong types, lists without end. */
import fc from 'fast-check';
import t from 'tap';
import type { PbftMessage } from '#protocols/pbft/message';
import { parseMessage, parseReply } from '#protocols/pbft/parse';
import { decode, encode } from '#runtime/codec/msgpack';
import {
  Bench,
  certificate,
  checkpoint,
  newView,
  prePrepare,
  proposal,
  request,
  settings,
  status,
  viewChange,
  vote,
} from './bench.js';

const signature = Uint8Array.of(1);
const nested = viewChange(2, 1, {
  stable: 4,
  proof: [0, 1, 2].map((replica) => checkpoint(replica, 4, 'state')),
  prepared: [certificate(0, 5, request('a', 1))],
});
const good: readonly PbftMessage[] = [
  ...[
    request('a', 1),
    proposal(0, 1, request('a', 1)),
    vote('prepare', 1, prePrepare(0, 1)),
    vote('commit', 1, prePrepare(0, 1)),
  ],
  ...[
    checkpoint(1, 4, 'state'),
    nested,
    newView(1, [nested], [prePrepare(1, 5)]),
    status(1, { slots: [7, 0], held: [2] }),
  ],
  { type: 'fetch', replica: 1, executed: 3, signature },
  { type: 'batch', requests: [request('a', 1)] },
  { type: 'transfer', proof: [checkpoint(1, 4, 'state')], state: signature },
];

t.test('every message passes as it was, and leaves behind what is not of the protocol', (t) => {
  for (const message of good) {
    t.same(parseMessage(decode(encode(message)), settings), message, message.type);
    t.same(parseMessage({ ...message, more: 'x'.repeat(1_000) }, settings), message);
  }
  const reply = {
    type: 'reply',
    view: 1,
    timestamp: 1,
    client: 'c',
    replica: 1,
    result: signature,
    signature,
  } as const;
  t.same(parseReply(decode(encode(reply)), settings), reply);
  t.equal(parseReply(good[0], settings), undefined);
  t.end();
});

t.test('a message with any field missing, or of another type, is nothing', (t) => {
  for (const message of good)
    for (const name of Object.keys(message))
      for (const wrong of [undefined, null, -1, 1.5, Number.NaN, 2 ** 53, {}, [{}], 'x'.repeat(200), true, () => 1]) {
        const value = (message as unknown as Readonly<Record<string, unknown>>)[name];
        if (typeof value === 'boolean' && typeof wrong === 'boolean') continue;
        t.equal(parseMessage({ ...message, [name]: wrong }, settings), undefined, `${message.type}.${name}`);
      }
  t.end();
});

t.test('lists longer than any correct replica has are refused', (t) => {
  const many = <T>(item: T): readonly T[] => Array.from({ length: 9 }, () => item);
  const cases = [
    { ...proposal(0, 1), batch: many(request('a', 1)) },
    { ...nested, proof: many(checkpoint(1, 4, 'state')) },
    { ...nested, prepared: many(certificate(0, 5)) },
    newView(1, many(nested), []),
    newView(1, [], many(prePrepare(1, 5))),
    status(1, { slots: many(1) }),
    status(1, { missing: many('d') }),
    { ...request('a', 1), operation: new Uint8Array(settings.maxOperationBytes + 1) },
    { ...request('a', 1), signature: new Uint8Array(129) },
    vote('prepare', 4, prePrepare(0, 1)),
  ];
  for (const message of cases) t.equal(parseMessage(message, settings), undefined);
  t.end();
});

t.test('garbage and truncations never throw, and never reach the core as something else', (t) => {
  fc.assert(
    fc.property(fc.anything(), (value) => parseMessage(value, settings) === undefined),
    { numRuns: 2_000 },
  );
  for (const message of good) {
    const packet = encode(message);
    for (let length = 0; length < packet.length; length += 1) {
      let value: unknown;
      try {
        value = decode(packet.subarray(0, length));
      } catch {
        continue;
      }
      t.equal(parseMessage(value, settings), undefined, `${message.type} cut at ${length}`);
    }
  }
  t.end();
});

t.test('a flood of well-formed messages of one sender leaves a log of bounded size', (t) => {
  const backup = new Bench(1);
  fc.assert(
    fc.property(fc.nat(30), fc.nat(3), fc.string({ maxLength: 3 }), fc.nat(5), (seq, view, digest, what) => {
      const at = { type: 'pre-prepare', view, seq, digest } as const;
      backup.receive(
        ...[vote('prepare', 3, at), vote('commit', 3, at), checkpoint(3, seq * 4, digest), viewChange(3, view + what)],
        ...[proposal(view, seq, request(digest, what)), request(`${digest}${what}`, seq), status(3, { stable: seq })],
      );
      const { slots, checkpoints, viewChanges, batches, peers } = backup.state;
      const votes = [...slots.values()].every(({ prepares, commits }) => prepares.size <= 2 && commits.size <= 2);
      return (
        votes &&
        slots.size <= 8 &&
        checkpoints.size <= 2 &&
        viewChanges.size <= 1 &&
        batches.size <= 32 &&
        peers.size <= 1
      );
    }),
    { numRuns: 1_000 },
  );
  t.end();
});
