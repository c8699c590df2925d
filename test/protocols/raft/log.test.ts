/** The log against a plain array that keeps everything. */
import fc from 'fast-check';
import t from 'tap';
import {
  append,
  compact,
  entriesFrom,
  entryBytes,
  findConflict,
  findConflictByTerm,
  isUpToDate,
  lastIndex,
  lastTerm,
  matches,
  newLog,
  termAt,
  truncate,
} from '#protocols/raft/log';
import type { Entry, Log } from '#protocols/raft/types';
import { entry } from './node.js';

/** Terms by index, from 0 on, and how much of it is compacted. */
interface Twin {
  readonly terms: number[];
  base: number;
}

const change = fc.oneof(
  fc.record({ type: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }), rise: fc.nat({ max: 2 }) }),
  fc.record({ type: fc.constant('truncate' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ type: fc.constant('compact' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

function build(changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[]): {
  log: Log;
  twin: Twin;
} {
  const log = newLog(0, 0);
  const twin: Twin = { terms: [0], base: 0 };
  for (const one of changes) {
    const last = twin.terms.length - 1;
    if (one.type === 'append') {
      const term = (twin.terms[last] ?? 0) + one.rise || 1;
      append(
        log,
        Array.from({ length: one.count }, (_, at) => entry(term, last + 1 + at)),
      );
      for (let at = 0; at < one.count; at += 1) twin.terms.push(term);
    } else if (one.type === 'truncate') {
      const index = twin.base + 1 + Math.floor(one.share * (last - twin.base));
      truncate(log, index);
      twin.terms.length = Math.min(twin.terms.length, index);
    } else {
      twin.base += Math.floor(one.share * (last - twin.base));
      compact(log, twin.base);
    }
  }
  return { log, twin };
}

t.test('the log is as an array of terms whose beginning cannot be read any more', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const { log, twin } = build(changes);
      const last = twin.terms.length - 1;
      const agree = Array.from({ length: last + 3 }, (_, index) => {
        const expected = index >= twin.base && index <= last ? twin.terms[index] : undefined;
        return termAt(log, index) === expected && matches(log, index, 1) === (expected === 1);
      });
      return agree.every(Boolean) && lastIndex(log) === last && lastTerm(log) === twin.terms[last];
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a conflict is the first entry that is not there, by trying each', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), fc.nat(), fc.nat({ max: 6 }), (changes, from, count) => {
      const { log, twin } = build(changes);
      const last = twin.terms.length - 1;
      const begin = twin.base + 1 + (from % (last - twin.base + 1));
      const entries: Entry[] = Array.from({ length: count }, (_, at) =>
        entry((twin.terms[begin + at] ?? 9) + (at > 2 ? 1 : 0), begin + at),
      );
      const expected = entries.find(({ index, term }) => twin.terms[index] !== term)?.index ?? 0;
      return findConflict(log, entries) === expected;
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a hint is the highest entry up to an index whose term is not above', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.nat(), fc.nat({ max: 8 }), (changes, from, term) => {
      const { log, twin } = build(changes);
      const index = twin.base + (from % (twin.terms.length - twin.base));
      let at = index;
      while (at >= twin.base && (twin.terms[at] ?? 0) > term) at -= 1;
      const found = findConflictByTerm(log, index, term);
      return found.index === at && found.term === (at < twin.base ? 0 : twin.terms[at]);
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('a batch holds as many entries as fit, and at least one', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40 }), { maxLength: 20 }),
      fc.nat({ max: 21 }),
      fc.nat({ max: 200 }),
      (sizes, from, most) => {
        const entries = sizes.map((size, at) => entry(1, at + 1, 'x'.repeat(size + 1)));
        const log = newLog(0, 0, entries);
        const batch = entriesFrom(log, from + 1, lastIndex(log), most);
        const left = entries.slice(from);
        let bytes = 0;
        const expected = left.filter((one, at) => (bytes += entryBytes(one)) <= most || at === 0);
        return JSON.stringify(batch) === JSON.stringify(expected);
      },
    ),
  );
  const log = newLog(0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)]);
  t.equal(entriesFrom(log, 2, 2, 1_000).length, 1, 'not beyond the end that was asked for');
  t.end();
});

t.test('which log is more up to date: the last term decides, then the length (3.6.1)', (t) => {
  const log = newLog(0, 0, [entry(1, 1), entry(2, 2), entry(2, 3)]);
  const cases = [
    { index: 1, term: 3, upToDate: true },
    { index: 9, term: 1, upToDate: false },
    { index: 2, term: 2, upToDate: false },
    { index: 3, term: 2, upToDate: true },
    { index: 4, term: 2, upToDate: true },
  ];
  for (const { index, term, upToDate } of cases)
    t.equal(isUpToDate(log, index, term), upToDate, `${term}/${index} against 2/3`);
  t.end();
});
