/** The ring: where keys are, how evenly, and how many of them move. Keys, names and orders are fixed, so figures are too. */
import { commitRing, gainersOf, joinRing, leaveRing, newRing } from '#protocols/quorum/membership';
import {
  arcAt,
  layOut,
  type Member,
  type Ring,
  type Table,
  positionOf,
  POSITIONS,
  walkFrom,
} from '#protocols/quorum/ring';
import { allocateTokens } from '#protocols/quorum/tokens';
import { Random } from '#runtime/testing/random';
import fc from 'fast-check';
import t from 'tap';

const N = 3;
const KEYS = Array.from({ length: 20_000 }, (_, index) => `user:${index}`);
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `node-${index + 1}`);

/** Rings of nodes that joined one by one, by their number. */
const rings: readonly Ring[] = ids(20).reduce<Ring[]>(
  (all, id) => [...all, settled(joinRing(all.at(-1) ?? newRing([]), id))],
  [newRing([])],
);
const ringOf = (size: number): Ring => rings[size] as Ring;

/** How many keys each node has, as first replica or as any. */
function loads(table: Table, replicas: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of KEYS)
    for (const id of (arcAt(table, positionOf(key))?.members ?? []).slice(0, replicas))
      counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function fullest(ring: Ring, replicas: number): number {
  const counts = [...loads(layOut(ring, N), replicas).values()];
  const mean = (KEYS.length * replicas) / ring.members.length;
  return Math.max(...counts) / mean;
}

function settled(ring: Ring): Ring {
  return ring.next === undefined ? ring : commitRing(ring);
}

t.test('max/mean load is at most 1.25 at 128 vnodes, of first replicas and of all', (t) => {
  for (const ring of rings) {
    const size = ring.members.length;
    if (size < N || (size > 10 && size % 5 > 0)) continue;
    for (const replicas of [1, N]) {
      const ratio = fullest(ring, replicas);
      t.ok(ratio <= 1.25, `${size} nodes, ${replicas} replicas: ${ratio.toFixed(3)}`);
    }
  }
  t.end();
});

t.test('max/mean load stays at most 1.25 while nodes come and go', (t) => {
  const random = new Random(7);
  let ring = ringOf(10);
  let named = 10;
  let worst = 0;
  let worstJoined = 0;
  for (let change = 0; change < 20; change += 1) {
    const leaves = ring.members.length > 5 && (ring.members.length >= 20 || random.chance(0.5));
    ring = settled(leaves ? leaveRing(ring, random.pick(ring.members).id) : joinRing(ring, `node-${(named += 1)}`));
    worst = Math.max(worst, fullest(ring, N));
    // What leaves falls to whoever comes next on the ring; the next that joins takes it from those who have too much.
    if (!leaves) worstJoined = Math.max(worstJoined, fullest(ring, 1));
  }
  t.ok(worstJoined <= 1.25, `of first replicas, after joins: ${worstJoined.toFixed(3)}`);
  t.ok(worst <= 1.25, `worst of 20 changes: ${worst.toFixed(3)}`);
  t.end();
});

t.test('tokens at random do not hold 1.25 at 128 vnodes: why they are allocated', (t) => {
  const random = new Random(1);
  const members: readonly Member[] = ids(50).map((id) => ({
    id,
    tokens: Array.from({ length: 128 }, () => random.next()).toSorted((a, b) => a - b),
  }));
  const ratio = fullest({ epoch: 1, members, next: undefined }, 1);
  t.ok(ratio > 1.2, ratio.toFixed(3));
  t.end();
});

t.test('moved keys are at most 1.2·K/N on join, and all of them move to the newcomer', (t) => {
  for (const size of [3, 5, 10]) {
    const before = ringOf(size);
    const table = layOut(joinRing(before, 'newcomer'), N);
    let first = 0;
    let copies = 0;
    const astray: string[] = [];
    for (const key of KEYS) {
      const arc = arcAt(table, positionOf(key));
      if (arc === undefined) continue;
      const gained = arc.next.filter((id) => !arc.members.includes(id));
      if (gained.some((id) => id !== 'newcomer')) astray.push(key);
      copies += gained.length;
      if (arc.next[0] !== arc.members[0]) first += 1;
    }
    const share = KEYS.length / (size + 1);
    t.same(astray, [], 'nothing moves between the others');
    t.ok(first <= 1.2 * share, `${size} nodes: ${first} first replicas of ${share.toFixed()} that are its share`);
    t.ok(copies <= 1.2 * N * share, `${size} nodes: ${copies} copies of ${(N * share).toFixed()}`);
  }
  t.end();
});

t.test('on leave only what the leaver had moves', (t) => {
  const ring = leaveRing(ringOf(8), 'node-3');
  const table = layOut(ring, N);
  for (const key of KEYS.slice(0, 5_000)) {
    const arc = arcAt(table, positionOf(key));
    const had = arc?.members.includes('node-3') === true;
    const gained = arc?.next.filter((id) => !arc.members.includes(id)) ?? [];
    if (gained.length !== (had ? 1 : 0) || arc?.next.includes('node-3') === true) t.fail(key);
  }
  t.same(
    [...gainersOf(ring, N)].toSorted(),
    ids(8)
      .filter((id) => id !== 'node-3')
      .toSorted(),
    'all of them gain a part',
  );
  t.end();
});

t.test('replicas are on distinct nodes, and a preference list is the owners of the next tokens', (t) => {
  const members = fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), count: fc.integer({ min: 1, max: 6 }) }),
    { minLength: 1, maxLength: 8, selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 5 }), fc.nat(POSITIONS - 1), (all, n, position) => {
      const ring = all.reduce<Ring>((before, { id, count }) => settled(joinRing(before, id, count)), newRing([]));
      const table = layOut(ring, n);
      const list = arcAt(table, position)?.members ?? [];
      // The twin: all tokens from the position on, around the ring, each owner once.
      const tokens = ring.members.flatMap(({ id, tokens }) =>
        tokens.map((token) => ({ id, after: token >= position ? token - position : token - position + POSITIONS })),
      );
      const owners = new Set(tokens.toSorted((one, other) => one.after - other.after).map(({ id }) => id));
      return (
        new Set(list).size === list.length &&
        list.join() === [...owners].slice(0, n).join() &&
        walkFrom(table, position).join() === [...owners].join()
      );
    }),
  );
  t.end();
});

t.test('there is room for many, with few tokens and with uneven ones, and no two have the same', (t) => {
  let ring = newRing([]);
  for (const [index, id] of ids(80).entries()) ring = settled(joinRing(ring, id, 1 + ((index * 7) % 5)));
  const tokens = ring.members.flatMap((member) => member.tokens);
  t.equal(new Set(tokens).size, tokens.length);
  t.ok(tokens.every((token) => Number.isSafeInteger(token) && token >= 0 && token < POSITIONS));
  t.end();
});

t.test('the same members in the same order are the same ring; weights are numbers of tokens', (t) => {
  t.same(newRing(ids(4)).members, ringOf(4).members);
  const small = newRing(ids(4), 64).members;
  const all = [...small, { id: 'big', tokens: allocateTokens(small, 'big', 128) }];
  const counts = loads(
    layOut({ epoch: 1, members: all.toSorted((a, b) => (a.id < b.id ? -1 : 1)), next: undefined }, N),
    1,
  );
  const share = (counts.get('big') ?? 0) / KEYS.length;
  t.ok(Math.abs(share - 1 / 3) < 0.02, `twice the tokens of four others: ${share.toFixed(3)}`);
  t.end();
});

t.test('a second change replaces the first; one taken back leaves nothing to do', (t) => {
  const ring = newRing(ids(4), 8);
  const joining = joinRing(ring, 'new', 8);
  t.equal(joinRing(joining, 'new', 8), joining, 'asked twice');
  const both = leaveRing(joining, 'node-2');
  t.same([both.epoch, both.next?.map(({ id }) => id)], [3, ['new', 'node-1', 'node-3', 'node-4']]);
  t.same(both.members, ring.members, 'who answers is who answered before');
  const back = leaveRing(joinRing(both, 'node-2', 8), 'new');
  t.same([back.epoch, back.next, back.members], [5, undefined, ring.members]);
  t.same(commitRing(both), { epoch: 4, members: both.next, next: undefined });
  t.equal(leaveRing(ring, 'stranger'), ring);
  t.end();
});
