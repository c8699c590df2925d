/** The canonical encoding: equal states are equal bytes, and nothing but the coded error comes of garbage. */
import { bucketCount, differing, newDigest, refresh, rootOf, sameHash } from '#protocols/crdt/digest';
import type { ReplicaId } from '#protocols/crdt/dot';
import { decodeState, encodeState } from '#protocols/crdt/encoding';
import { type Kind, kinds, maxDepth } from '#protocols/crdt/kind';
import type { CrdtMessage } from '#protocols/crdt/message';
import type { Operation } from '#protocols/crdt/operation';
import {
  decodeIdentity,
  decodeMessage,
  decodeRecord,
  encodeIdentity,
  encodeMessage,
  encodeRecord,
} from '#protocols/crdt/packet';
import { join } from '#protocols/crdt/store';
import { SkepError } from '#protocols/wire/error';
import fc from 'fast-check';
import t from 'tap';
import { histories, Replicas } from './history.js';

const kindOf = fc.constantFrom(...kinds);
const some = kindOf.chain((kind) => histories(kind, 15).map((steps) => new Replicas(kind).run(steps)));

/** What decoding made of the bytes: a value, or the code of the error. Anything else is thrown on. */
function outcome<T>(decode: (bytes: Uint8Array) => T, given: Uint8Array): T | 'BAD_FRAME' {
  try {
    return decode(given);
  } catch (error) {
    if (error instanceof SkepError && error.code === 'BAD_FRAME') return 'BAD_FRAME';
    throw error;
  }
}

/** A message of each type, with what replicas have in it. */
function messages({ kind, states, deltas }: Replicas): readonly CrdtMessage[] {
  const [from, to] = ['n1.1' as ReplicaId, 'n2.1' as ReplicaId];
  const hash = { high: -1, low: 5 };
  const group = { kind, name: 'x', from: 0, to: 7, delta: states[0] };
  return [
    { type: 'digest', from, root: hash, ask: true, retired: [from, to] },
    { type: 'buckets', from, to, buckets: Array.from({ length: bucketCount }, () => hash) },
    { type: 'summary', from, to, documents: [{ kind, name: 'x', hash, seq: 2 ** 53 - 1 }] },
    {
      type: 'deltas',
      from,
      to,
      groups: [group, ...deltas.flat().map((delta, at) => ({ ...group, from: at, to: at + 1, delta }))],
    },
    { type: 'acks', from, to, acks: [{ kind, name: 'ü', seq: 3, gap: true }] },
  ] as readonly CrdtMessage[];
}

t.test('equal states encode to the same bytes, whatever the order in which they came about', async () => {
  fc.assert(
    fc.property(some, ({ kind, states }) => {
      const [a, b, c] = states;
      if (a === undefined || b === undefined || c === undefined) return false;
      const forth = encodeState(kind, join(join(a, b), c));
      return Buffer.compare(forth, encodeState(kind, join(c, join(b, a)))) === 0;
    }),
    { numRuns: 500 },
  );
});

t.test('what was encoded is decoded to the same, states, deltas, records and messages', async () => {
  fc.assert(
    fc.property(some, (replicas) => {
      const { kind, states, deltas } = replicas;
      for (const state of [...states, ...deltas.flat()]) {
        const forth = encodeState(kind, state);
        if (Buffer.compare(encodeState(kind, decodeState(kind, forth)), forth) !== 0) return false;
      }
      const record = {
        kind,
        name: 'x',
        state: states[0] as never,
        seq: 9,
        merged: new Map([['n1.1' as ReplicaId, 4]]),
      };
      const written = encodeRecord(record, { wallMs: 5, count: 6 });
      const read = decodeRecord(written);
      if (Buffer.compare(encodeRecord(read.record, read.clock), written) !== 0) return false;
      return messages(replicas).every((message) => {
        const packet = encodeMessage(message);
        return Buffer.compare(encodeMessage(decodeMessage(packet)), packet) === 0;
      });
    }),
    { numRuns: 200 },
  );
  const identity = { replica: 'n1.1' as ReplicaId, retired: ['a.1' as ReplicaId, 'b.2' as ReplicaId] };
  t.same(decodeIdentity(encodeIdentity(identity)), identity);
});

t.test('garbage gives the coded error and nothing else, or is the one form of what it decodes to', async (t) => {
  let refused = 0;
  fc.assert(
    fc.property(kindOf, fc.uint8Array({ maxLength: 60 }), (kind, garbage) => {
      const state = outcome((given) => decodeState(kind, given), garbage);
      const message = outcome(decodeMessage, garbage);
      if (state === 'BAD_FRAME') refused += 1;
      return (
        (state === 'BAD_FRAME' || Buffer.compare(encodeState(kind, state), garbage) === 0) &&
        (message === 'BAD_FRAME' || Buffer.compare(encodeMessage(message), garbage) === 0)
      );
    }),
    { numRuns: 3_000 },
  );
  t.ok(refused > 2_000, `${refused} refused`);
});

t.test('a packet that is cut short is refused, and one with a bit flipped is refused or another message', async (t) => {
  fc.assert(
    fc.property(some, fc.nat(), fc.nat(7), (replicas, place, bit) => {
      for (const message of messages(replicas)) {
        const packet = encodeMessage(message);
        if (outcome(decodeMessage, packet.slice(0, place % packet.length)) !== 'BAD_FRAME') return false;
        const flipped = packet.slice();
        flipped[place % packet.length] = (flipped[place % packet.length] as number) ^ (1 << bit);
        const read = outcome(decodeMessage, flipped);
        if (read !== 'BAD_FRAME' && Buffer.compare(encodeMessage(read), flipped) !== 0) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.equal(outcome(decodeMessage, new Uint8Array()), 'BAD_FRAME');
});

t.test('what would be a second form of a state, or none, is refused', async (t) => {
  const set: Kind = 'or-set';
  // One replica "a", one range from 1 to 1, then a map with one key "k" under that dot.
  const good = [1, 1, 97, 1, 0, 0, 1, 1, 107, 1, 0, 1];
  t.not(
    outcome((given) => decodeState(set, given), Uint8Array.from(good)),
    'BAD_FRAME',
  );
  const bad: readonly (readonly [string, readonly number[]])[] = [
    ['a byte too many', [...good, 0]],
    ['a number in two bytes that fits one', [129, 0, ...good.slice(1)]],
    ['a dot that the context does not contain', [1, 1, 97, 1, 0, 0, 1, 1, 107, 1, 0, 2]],
    ['a replica that the context does not name', [1, 1, 97, 1, 0, 0, 1, 1, 107, 1, 1, 1]],
    ['a replica without dots', [1, 1, 97, 0, 0]],
    ['replicas out of order', [2, 1, 98, 1, 0, 0, 1, 97, 1, 0, 0, 0]],
    ['a replica twice', [2, 1, 97, 1, 0, 0, 1, 97, 1, 0, 0, 0]],
    ['a key with nothing in it', [1, 1, 97, 1, 0, 0, 1, 1, 107, 0]],
    ['keys out of order', [1, 1, 97, 1, 0, 1, 2, 1, 107, 1, 0, 1, 1, 106, 1, 0, 2]],
    ['one dot under two keys', [1, 1, 97, 1, 0, 0, 2, 1, 107, 1, 0, 1, 1, 108, 1, 0, 1]],
    ['more items than bytes', [255, 255, 255, 255, 15]],
    ['text that is not UTF-8', [1, 1, 255, 1, 0, 0, 0]],
  ];
  for (const [what, given] of bad)
    t.equal(
      outcome((one) => decodeState(set, one), Uint8Array.from(given)),
      'BAD_FRAME',
      what,
    );
});

t.test('maps nest as deep as is allowed, in operations and in bytes, and no deeper', async (t) => {
  const nest = (depth: number): Operation =>
    depth === 0
      ? { type: 'update', kind: 'flag', key: 'k', operation: { type: 'enable' } }
      : { type: 'update', kind: 'or-map', key: 'k', operation: nest(depth - 1) };
  const replicas = new Replicas('or-map');
  replicas.mutate(0, nest(maxDepth - 2));
  const packed = encodeState('or-map', replicas.state(0));
  t.equal(Buffer.compare(encodeState('or-map', decodeState('or-map', packed)), packed), 0);
  t.throws(() => replicas.mutate(0, nest(maxDepth - 1)), /too-deep/);
  // The same as bytes: "m" maps down to one too many.
  const levels = Array.from({ length: maxDepth + 1 }, () => [1, 2, 109, 107]).flat();
  const deep = Uint8Array.from([1, 1, 97, 1, 0, 0, ...levels, 0]);
  t.equal(
    outcome((given) => decodeState('or-map', given), deep),
    'BAD_FRAME',
  );
});

t.test('replicas that hold the same have the same root, and find the documents in which they differ', async (t) => {
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 12 }), fc.nat(), (all, chosen) => {
      const [one, other] = [newDigest(), newDigest()];
      const [mine, theirs] = [new Map(), new Map()];
      for (const [at, { kind, states }] of all.entries()) {
        mine.set(`${at}`, { kind, state: states[0] });
        theirs.set(`${at}`, { kind, state: states[0] });
      }
      for (const name of mine.keys()) one.stale.add(name as string);
      for (const name of [...theirs.keys()].reverse()) other.stale.add(name as string);
      refresh(one, mine as never);
      refresh(other, theirs as never);
      if (!sameHash(rootOf(one.buckets), rootOf(other.buckets))) return false;
      const name = `${chosen % all.length}`;
      const { kind, states } = all[chosen % all.length] as Replicas;
      const changed = states[1] as never;
      mine.set(name, { kind, state: changed });
      one.stale.add(name);
      refresh(one, mine as never);
      const equal = Buffer.compare(encodeState(kind, changed), encodeState(kind, states[0] as never)) === 0;
      if (equal) return sameHash(rootOf(one.buckets), rootOf(other.buckets));
      const differ = [...differing(one, other.buckets), ...differing(other, one.buckets)];
      return !sameHash(rootOf(one.buckets), rootOf(other.buckets)) && differ.includes(name);
    }),
    { numRuns: 300 },
  );
  t.end();
});
