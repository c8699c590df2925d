/** Arrivals: the times at which a rate that changes has let through whole numbers of calls. */
import fc from 'fast-check';
import t from 'tap';
import { Arrivals } from '#cli/load/arrivals';
import { scenarios, type Stage, stagesOf } from '#cli/load/scenario';

const stage = fc.record({
  durationMs: fc.integer({ min: 10, max: 5_000 }),
  from: fc.integer({ min: 0, max: 2_000 }),
  to: fc.integer({ min: 0, max: 2_000 }),
});

/** The integral of a rate by small steps: the dumb twin. */
function summed(stages: readonly Stage[], untilMs: number): number {
  const STEP_MS = 0.5;
  let [sum, startMs] = [0, 0];
  for (const { durationMs, from, to } of stages) {
    for (let at = 0; at < durationMs && startMs + at < untilMs; at += STEP_MS)
      sum += ((from + ((to - from) * (at + STEP_MS / 2)) / durationMs) * STEP_MS) / 1_000;
    startMs += durationMs;
  }
  return sum;
}

t.test('as many calls are due by a time as the rate lets through until then', async (t) => {
  const property = fc.property(
    fc.array(stage, { minLength: 1, maxLength: 4 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (stages, share) => {
      const arrivals = new Arrivals(stages);
      const atMs = share * arrivals.durationMs;
      return Math.abs(arrivals.countBy(atMs) - summed(stages, atMs)) < 2;
    },
  );
  t.doesNotThrow(() => fc.assert(property));
});

t.test('times of calls do not go back, lie within the load, and are where the count passes their number', async (t) => {
  const property = fc.property(fc.array(stage, { minLength: 1, maxLength: 4 }), (stages) => {
    const arrivals = new Arrivals(stages);
    let before = 0;
    for (let index = 0; index < arrivals.total; index += 1) {
      const atMs = arrivals.timeOf(index);
      if (atMs < before - 1e-3 || atMs > arrivals.durationMs + 1e-3) return false;
      if (Math.abs(arrivals.countBy(atMs) - index) > 1e-2) return false;
      before = atMs;
    }
    return arrivals.timeOf(arrivals.total) === Number.POSITIVE_INFINITY;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 50 }));
});

t.test('a constant rate is even: ten a second are due at 0, 100, 200 ms', async (t) => {
  const arrivals = new Arrivals([{ durationMs: 1_000, from: 10, to: 10 }]);
  t.equal(arrivals.total, 10);
  t.same(
    [0, 1, 2, 9].map((index) => Math.round(arrivals.timeOf(index))),
    [0, 100, 200, 900],
  );
});

t.test('every scenario takes its whole duration, and its peak is what its meaning says', async (t) => {
  const peaks = { smoke: 50, load: 1_000, stress: 4_000, spike: 5_000, soak: 1_000, breakpoint: 20_000 };
  for (const scenario of scenarios) {
    const stages = stagesOf(scenario, 1_000, 60_000);
    t.equal(Math.round(new Arrivals(stages).durationMs), 60_000, scenario);
    t.equal(Math.max(...stages.flatMap(({ from, to }) => [from, to])), peaks[scenario], scenario);
  }
});
