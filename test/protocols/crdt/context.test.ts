/** Causal contexts against a set of dots. */
import {
  type Context,
  contains,
  contextOf,
  covers,
  isVector,
  joinContexts,
  lastOf,
  subtract,
  withoutReplicas,
} from '#protocols/crdt/context';
import type { ReplicaId } from '#protocols/crdt/dot';
import fc from 'fast-check';
import t from 'tap';
import { contexts } from './history.js';

const ids: readonly ReplicaId[] = ['a.1' as ReplicaId, 'b.1' as ReplicaId];

/** The dots of a context, one by one. */
function dots(context: Context): ReadonlySet<string> {
  const names = new Set<string>();
  for (const replica of ids)
    for (let counter = 1; counter <= 13; counter += 1)
      if (contains(context, { replica, counter })) names.add(`${replica} ${counter}`);
  return names;
}

function holds(context: Context, wanted: Iterable<string>): boolean {
  return [...dots(context)].toSorted().join() === [...wanted].toSorted().join();
}

t.test('a context is a set of dots: union, difference and inclusion are those of sets', async () => {
  fc.assert(
    fc.property(contexts, contexts, (one, other) => {
      const [mine, theirs] = [dots(one), dots(other)];
      return (
        holds(joinContexts(one, other), new Set([...mine, ...theirs])) &&
        holds(
          subtract(one, other),
          [...mine].filter((dot) => !theirs.has(dot)),
        ) &&
        covers(one, other) === [...theirs].every((dot) => mine.has(dot)) &&
        holds(
          withoutReplicas(one, new Set(['a.1' as ReplicaId])),
          [...mine].filter((dot) => dot.startsWith('b')),
        ) &&
        ids.every(
          (id) =>
            lastOf(one, id) ===
            Math.max(0, ...[...mine].flatMap((dot) => (dot.startsWith(id) ? [Number(dot.split(' ')[1])] : []))),
        )
      );
    }),
    { numRuns: 2_000 },
  );
});

t.test('equal sets have one form: a version vector, and ranges above the gaps', async (t) => {
  fc.assert(
    fc.property(contexts, contexts, (one, other) => {
      const [forth, back] = [joinContexts(one, other), joinContexts(other, one)];
      for (const ranges of forth.values())
        for (const [at, { from, to }] of ranges.entries())
          if (from > to || (at > 0 && from <= (ranges[at - 1]?.to ?? 0) + 1)) return false;
      return ids.every((id) => JSON.stringify(forth.get(id)) === JSON.stringify(back.get(id)));
    }),
    { numRuns: 2_000 },
  );
  const [replica] = ids as readonly [ReplicaId];
  const gap = contextOf([1, 2, 4].map((counter) => ({ replica, counter })));
  t.same(gap.get(replica), [
    { from: 1, to: 2 },
    { from: 4, to: 4 },
  ]);
  t.notOk(isVector(gap), 'a cloud');
  t.ok(isVector(joinContexts(gap, contextOf([{ replica, counter: 3 }]))), 'the gap is filled');
  t.equal(joinContexts(gap, contextOf([{ replica, counter: 2 }])), gap, 'nothing new: the same object');
});
