/** Canonical bytes: equal for equal messages, different for different ones, in whatever order fields were written. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { signedBytes } from '#protocols/pbft/encoding';
import { signaturesIn, signerOf } from '#protocols/pbft/evidence';
import type { Body, PbftMessage } from '#protocols/pbft/message';
import { decode, encode } from '#runtime/codec/msgpack';
import {
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

const number = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const text = fc.string({ maxLength: 12 });
const place = { view: number, seq: number, digest: text };
const bodies: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ type: fc.constant('request' as const), client: text, timestamp: number, operation: fc.uint8Array() }),
  fc.record({ type: fc.constant('pre-prepare' as const), ...place }),
  fc.record({ type: fc.constant('prepare' as const), ...place, replica: number }),
  fc.record({ type: fc.constant('commit' as const), ...place, replica: number }),
  fc.record({ type: fc.constant('checkpoint' as const), seq: number, digest: text, replica: number }),
  fc.record({
    type: fc.constant('reply' as const),
    ...{ view: number, timestamp: number, client: text, replica: number, result: fc.uint8Array() },
  }),
);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const plain = (body: Body): string =>
  JSON.stringify(
    Object.entries(body).toSorted(([one], [other]) => one.localeCompare(other)),
    (_, value: unknown) => (value instanceof Uint8Array ? hex(value) : value),
  );

t.test('different messages have different bytes, equal ones equal bytes', (t) => {
  fc.assert(
    fc.property(bodies, bodies, (one, other) => {
      const equal = plain(one) === plain(other);
      const reversed = Object.fromEntries(Object.entries(one).toReversed()) as unknown as Body;
      return (
        (hex(signedBytes(one)) === hex(signedBytes(other))) === equal &&
        hex(signedBytes(reversed)) === hex(signedBytes(one))
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('the bytes are these: a change of the encoding is a change of the protocol', (t) => {
  t.equal(
    hex(signedBytes({ type: 'prepare', view: 1, seq: 2 ** 32 + 2, digest: 'ab', replica: 3 })),
    '04' + '0000000000000001' + '0000000100000002' + '000000026162' + '0000000000000003',
  );
  t.equal(
    hex(signedBytes({ type: 'request', client: 'c', timestamp: 1, operation: Uint8Array.of(255) })),
    '01' + '0000000163' + '0000000000000001' + '00000001ff',
  );
  t.end();
});

t.test('a prepare is no commit: the type is part of what is signed', (t) => {
  const order = prePrepare(0, 1, request('a', 1));
  t.not(hex(signedBytes(vote('prepare', 1, order))), hex(signedBytes(vote('commit', 1, order))));
  t.end();
});

const nested = viewChange(2, 1, {
  stable: 4,
  proof: [0, 1, 2].map((replica) => checkpoint(replica, 4, 'state')),
  prepared: [certificate(0, 5, request('a', 1))],
});
const samples: readonly (readonly [PbftMessage, number])[] = [
  [request('a', 1), 1],
  [proposal(0, 1, request('a', 1), request('b', 1)), 3],
  [vote('prepare', 1, prePrepare(0, 1)), 1],
  [checkpoint(1, 4, 'state'), 1],
  [nested, 1 + 3 + 3],
  [newView(1, [nested, nested], [prePrepare(1, 5)]), 1 + 14 + 1],
  [status(1), 1],
  [{ type: 'batch', requests: [request('a', 1)] }, 1],
  [{ type: 'transfer', proof: [checkpoint(1, 4, 'state')], state: Uint8Array.of(1) }, 1],
];

t.test('every signature in a message is to be verified, nested ones too, and over what was decoded', (t) => {
  for (const [message, count] of samples) {
    const claims = signaturesIn(message, settings);
    t.equal(claims.length, count, message.type);
    const travelled = signaturesIn(decode(encode(message)) as PbftMessage, settings);
    t.same(
      travelled.map(({ bytes }) => hex(bytes)),
      claims.map(({ bytes }) => hex(bytes)),
    );
  }
  t.same(signerOf(prePrepare(6, 1), settings), { replica: 2 }, 'a pre-prepare is of the primary of its view');
  t.end();
});

t.test('a forged sender is refused: Ed25519 over these bytes binds the replica that a message names', (t) => {
  const keys = Array.from({ length: 4 }, () => generateKeyPairSync('ed25519'));
  const body = { type: 'prepare', view: 0, seq: 1, digest: 'd', replica: 1 } as const;
  const made = sign(null, signedBytes(body), keys[1]?.privateKey ?? '');
  const good = (message: PbftMessage): boolean =>
    signaturesIn(message, settings).every(({ signer, bytes, signature }) =>
      'replica' in signer ? verify(null, bytes, keys[signer.replica]?.publicKey ?? '', signature) : false,
    );
  t.ok(good({ ...body, signature: made }));
  for (const forged of [{ replica: 2 }, { seq: 2 }, { view: 4 }, { digest: 'e' }, { type: 'commit' as const }])
    t.notOk(good({ ...body, ...forged, signature: made }), JSON.stringify(forged));
  t.end();
});
