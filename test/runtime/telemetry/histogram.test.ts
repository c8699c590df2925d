/** The histogram against a sorted array of everything it was given. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LatencyHistogram } from '#runtime/telemetry/histogram';
import t from 'tap';

/** Durations over the whole range: from nothing over microseconds to an hour. */
const durations = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 30 }), fc.double({ min: 1, max: 2, noNaN: true }))
    .map(([power, factor]) => (factor * 2 ** power) / 1_000),
  { minLength: 1, maxLength: 300 },
);

/** The same by its definition: the least value that a share `quantile` of all does not exceed. */
function exact(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] ?? Number.NaN;
}

t.test(
  'each quantile is the one of a sorted array, too high by a sixteenth and half a microsecond at most',
  async () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const twin = exact(sorted, quantile);
        const found = histogram.quantile(quantile);
        assert.ok(found >= twin - 0.000_5 - 1e-9, `${found} is below ${twin}`);
        assert.ok(found <= (twin + 0.000_5) * (1 + 1 / 16) + 0.001, `${found} is above ${twin}`);
        assert.deepEqual(
          [histogram.summary().max, histogram.summary().count],
          [sorted.at(-1), values.length],
          'the largest and the number are exact',
        );
      }),
    );
  },
);

t.test('nothing recorded, nothing, less than nothing and a duration beyond the range', async (t) => {
  const histogram = new LatencyHistogram();
  t.same(histogram.summary(), { p50: 0, p99: 0, max: 0, count: 0 });
  histogram.record(-1);
  histogram.record(0);
  t.same(histogram.summary(), { p50: 0, p99: 0, max: 0, count: 2 });
  const day = 86_400_000;
  histogram.record(day);
  t.equal(histogram.summary().max, day);
  t.equal(histogram.quantile(1), (2 ** 32 - 1) / 1_000, 'counted as the longest that there is a bucket for');
});
