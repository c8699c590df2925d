/** Hybrid logical clocks: the properties of the paper, and what clocks that jump do. */
import { type Clock, clockStart, compareClocks, hearStamp, isAhead, stampEvent } from '#protocols/crdt/hlc';
import fc from 'fast-check';
import t from 'tap';

const wall = fc.integer({ min: 0, max: 1_000 });
const step = fc.record({ at: fc.nat(2), hears: fc.option(fc.nat(2), { nil: undefined }), wallMs: wall });

t.test('if one event happened before another its stamp is lower, however the wall clocks jump', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clocks: Clock[] = [clockStart, clockStart, clockStart];
      for (const { at, hears, wallMs } of steps) {
        const before = clocks[at] as Clock;
        const stamp = hears === undefined ? undefined : (clocks[hears] as Clock);
        const after = stamp === undefined ? stampEvent(before, wallMs) : hearStamp(before, stamp, wallMs);
        if (compareClocks(after, before) <= 0 || (stamp && compareClocks(after, stamp) <= 0)) return false;
        // The stamp is never behind the wall clock, and never ahead of all wall clocks that it heard of.
        if (after.wallMs < wallMs || after.wallMs > 1_000) return false;
        clocks[at] = after;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
});

t.test('a table of the paper: local events, and messages from clocks behind, equal and ahead', async (t) => {
  const at = (wallMs: number, count: number): Clock => ({ wallMs, count });
  t.same(stampEvent(at(5, 3), 9), at(9, 0), 'the wall clock has moved on');
  t.same(stampEvent(at(9, 3), 5), at(9, 4), 'the wall clock was set back');
  t.same(hearStamp(at(5, 3), at(2, 7), 9), at(9, 0), 'both are behind the wall clock');
  t.same(hearStamp(at(9, 3), at(2, 7), 5), at(9, 4), 'mine is the latest');
  t.same(hearStamp(at(5, 3), at(9, 7), 5), at(9, 8), 'theirs is the latest');
  t.same(hearStamp(at(9, 3), at(9, 7), 5), at(9, 8), 'equal: above both counts');
});

t.test('a stamp that is further ahead of the wall clock than the bound is not followed', async (t) => {
  t.notOk(isAhead({ wallMs: 160, count: 0 }, 100, 60));
  t.ok(isAhead({ wallMs: 161, count: 0 }, 100, 60));
});
