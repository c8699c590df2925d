/** Versions of a key: laws of merging, and a twin that keeps whole histories as sets. */
import { type Clock, covers, type Dot, includesClock, joinClocks } from '#protocols/quorum/clock';
import { isVersions } from '#protocols/quorum/parse';
import {
  digestVersions,
  includesVersions,
  isTombstone,
  mergeVersions,
  nothing,
  type Versions,
  writeVersion,
} from '#protocols/quorum/versions';
import fc from 'fast-check';
import t from 'tap';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const values = ({ siblings }: Versions): readonly string[] =>
  siblings.map(({ value }) => Buffer.from(value).toString());

/** What may happen to three replicas of one key and the clients of it. */
type Event =
  | { readonly type: 'write'; readonly at: number; readonly seen: number | undefined; readonly deletes: boolean }
  | { readonly type: 'merge'; readonly at: number; readonly from: number };

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('write' as const),
      at: fc.nat(2),
      seen: fc.option(fc.nat(2), { nil: undefined }),
      deletes: fc.boolean(),
    }),
    fc.record({ type: fc.constant('merge' as const), at: fc.nat(2), from: fc.nat(2) }),
  ),
  { maxLength: 30 },
);

/** A dumb twin: the set of all writes that a replica knows of, each with the set of those that it supersedes. */
interface Twin {
  readonly known: ReadonlySet<string>;
}

function play(all: readonly Event[]): { readonly real: readonly Versions[]; readonly twin: readonly string[][] } {
  const real: Versions[] = [nothing, nothing, nothing];
  const twins: Twin[] = [0, 1, 2].map(() => ({ known: new Set<string>() }));
  const supersedes = new Map<string, ReadonlySet<string>>();
  const deleted = new Set<string>();
  let counter = 0;
  for (const event of all) {
    const here = real[event.at] as Versions;
    const twin = twins[event.at] as Twin;
    if (event.type === 'merge') {
      real[event.at] = mergeVersions(here, real[event.from] as Versions);
      twins[event.at] = { known: new Set([...twin.known, ...(twins[event.from] as Twin).known]) };
      continue;
    }
    counter += 1;
    const dot: Dot = [`r${event.at}`, counter];
    const context: Clock = event.seen === undefined ? [] : (real[event.seen] as Versions).clock;
    const seen = event.seen === undefined ? new Set<string>() : (twins[event.seen] as Twin).known;
    real[event.at] = writeVersion(here, context, dot, event.deletes ? undefined : bytes(String(counter)));
    supersedes.set(String(counter), seen);
    if (event.deletes) deleted.add(String(counter));
    twins[event.at] = { known: new Set([...twin.known, ...seen, String(counter)]) };
  }
  const twin = twins.map(({ known }) =>
    [...known]
      .filter((write) => !deleted.has(write))
      .filter((write) => ![...known].some((other) => supersedes.get(other)?.has(write) === true))
      .toSorted(),
  );
  return { real, twin };
}

t.test(
  'siblings are the writes that nobody who knew of them has written after, as in a twin with whole histories',
  (t) => {
    fc.assert(
      fc.property(events, (all) => {
        const { real, twin } = play(all);
        return real.every((versions, index) => values(versions).toSorted().join() === twin[index]?.join());
      }),
      { numRuns: 2_000 },
    );
    t.end();
  },
);

t.test('merging is commutative, associative and idempotent, and equal versions are equal bytes', (t) => {
  fc.assert(
    fc.property(events, (all) => {
      const [a, b, c] = play(all).real as [Versions, Versions, Versions];
      const same = (one: Versions, other: Versions): boolean =>
        JSON.stringify(one) === JSON.stringify(other) && digestVersions('k', one) === digestVersions('k', other);
      const ab = mergeVersions(a, b);
      return (
        same(ab, mergeVersions(b, a)) &&
        same(mergeVersions(ab, c), mergeVersions(a, mergeVersions(b, c))) &&
        mergeVersions(a, a) === a &&
        mergeVersions(ab, b) === ab &&
        includesVersions(ab, a) &&
        isVersions(ab)
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test(
  'two clients with the same context at the same coordinator: plain vector clocks would lose one of the writes',
  (t) => {
    const first = writeVersion(nothing, [], ['a', 1], bytes('base'));
    const one = writeVersion(first, first.clock, ['a', 2], bytes('one'));
    const two = writeVersion(one, first.clock, ['a', 3], bytes('two'));
    t.same(values(two), ['one', 'two']);
    t.same(values(writeVersion(two, two.clock, ['b', 1], bytes('both seen'))), ['both seen']);
    t.end();
  },
);

t.test('a delete takes what its client has seen, and a concurrent write survives it', (t) => {
  const seen = writeVersion(nothing, [], ['a', 1], bytes('seen'));
  const unseen = writeVersion(seen, [], ['a', 2], bytes('unseen'));
  const deleted = writeVersion(unseen, seen.clock, ['b', 1], undefined);
  t.same(values(deleted), ['unseen']);
  t.notOk(isTombstone(deleted));
  const tombstone = writeVersion(seen, seen.clock, ['b', 1], undefined);
  t.ok(isTombstone(tombstone));
  t.same(values(mergeVersions(tombstone, seen)), [], 'a late copy of what was deleted stays deleted');
  t.same(values(mergeVersions(tombstone, unseen)), ['unseen']);
  t.end();
});

t.test('clocks: joining is the least upper bound, and lists stay sorted', (t) => {
  const clock: fc.Arbitrary<Clock> = fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 5 })), {
      selector: ([actor]) => actor,
    })
    .map((dots) => dots.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  fc.assert(
    fc.property(clock, clock, (one, other) => {
      const joined = joinClocks(one, other);
      const sorted = joined.every(([actor], index) => index === 0 || (joined[index - 1] as Dot)[0] < actor);
      const least = joined.every((dot) => covers(one, dot) || covers(other, dot));
      return sorted && least && includesClock(joined, one) && includesClock(joined, other);
    }),
  );
  t.end();
});
