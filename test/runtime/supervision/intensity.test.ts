/** Restart intensity and back-off: the tables of OTP's manual, and the rule against a dumb twin. */
import assert from 'node:assert/strict';
import { addRestart, backoffMs, DEFAULT_BACKOFF, DEFAULT_INTENSITY } from '#runtime/supervision/intensity';
import fc from 'fast-check';
import t from 'tap';

t.test('at most maxRestarts restarts are allowed in any window', async (t) => {
  const table: readonly (readonly [readonly number[], number, number, number, boolean])[] = [
    // before, now, maxRestarts, withinMs, allowed
    [[], 0, 0, 1_000, false],
    [[], 0, 1, 1_000, true],
    [[0], 500, 1, 1_000, false],
    [[0], 999, 1, 1_000, false],
    [[0], 1_000, 1, 1_000, true],
    [[0, 100, 200], 300, 3, 5_000, false],
    [[0, 100, 200], 5_100, 3, 5_000, true],
    [[0, 100, 200], 5_000, 3, 5_000, true],
  ];
  for (const [before, now, maxRestarts, withinMs, allowed] of table) {
    t.equal(
      addRestart(before, now, { maxRestarts, withinMs }).allowed,
      allowed,
      JSON.stringify({ before, now, maxRestarts }),
    );
  }
});

t.test('the verdict is that of counting all restarts ever made', async () => {
  const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40 });
  const intensity = fc.record({
    maxRestarts: fc.integer({ min: 0, max: 5 }),
    withinMs: fc.integer({ min: 1, max: 1_000 }),
  });
  fc.assert(
    fc.property(steps, intensity, (gaps, limits) => {
      let now = 0;
      let history: readonly number[] = [];
      const all: number[] = [];
      for (const gap of gaps) {
        now += gap;
        all.push(now);
        const verdict = addRestart(history, now, limits);
        const inWindow = all.filter((time) => now - time < limits.withinMs);
        assert.equal(verdict.allowed, inWindow.length <= limits.maxRestarts);
        assert.deepEqual(verdict.history, inWindow, 'and the history does not outgrow the window');
        history = verdict.history;
      }
    }),
    { numRuns: 100 },
  );
});

t.test('the back-off doubles from firstMs up to maxMs', async (t) => {
  const table = [1, 2, 3, 4, 5, 6, 7, 8, 9, 2_000].map((restarts) => backoffMs(restarts, DEFAULT_BACKOFF));
  t.same(table, [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
  t.equal(backoffMs(0, DEFAULT_BACKOFF), 10);
  t.equal(backoffMs(5, { firstMs: 0, maxMs: 1_000 }), 0);
  t.equal(backoffMs(2_000, { firstMs: 0, maxMs: 1_000 }), 0, 'zero however often it is doubled');
  t.same(DEFAULT_INTENSITY, { maxRestarts: 3, withinMs: 5_000 });
});
