/** When a pool grows and shrinks, as a table and as properties. */
import { checkPressure, NO_PRESSURE, type PressureOptions, stepPressure } from '#runtime/pool/pressure';
import fc from 'fast-check';
import t from 'tap';

const options: PressureOptions = { min: 2, max: 10, samples: 2 };

/** The changes that a row of samples brings, each of all routees alike. */
function deltas(rows: readonly (readonly number[])[], given: PressureOptions = options): readonly number[] {
  let state = NO_PRESSURE;
  return rows.map((loads) => {
    const step = stepPressure(state, loads, given);
    state = step.state;
    return step.delta;
  });
}

t.test('a pool grows when all are busy for as many samples as it takes, and begins to count anew', (t) => {
  t.same(
    deltas([
      [5, 5],
      [5, 5],
      [5, 5, 5],
      [5, 5, 5],
    ]),
    [0, 1, 0, 1],
  );
  t.same(
    deltas([
      [5, 5],
      [5, 1],
      [5, 5],
      [5, 5],
    ]),
    [0, 0, 0, 1],
    'one that is not busy breaks the row',
  );
  t.same(deltas([Array<number>(6).fill(9), Array<number>(6).fill(9)]), [0, 2], 'a fifth, rounded up');
  t.end();
});

t.test('a pool shrinks when few are busy for as many samples as it takes', (t) => {
  t.same(
    deltas([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
    ]),
    [0, -1],
  );
  t.same(
    deltas([
      [5, 5, 0, 0],
      [0, 0, 0, 0],
    ]),
    [0, 0],
    'half of them busy is not few',
  );
  t.same(
    deltas([
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
    [0, 0, 0],
    'not below its least size',
  );
  t.end();
});

t.test('a pool outside of its bounds goes back at once', (t) => {
  t.same(deltas([[0]]), [1]);
  t.same(deltas([Array<number>(14).fill(0)]), [-4]);
  t.end();
});

t.test('whatever the loads, the size stays within its bounds and never swings at every sample', (t) => {
  const busyOrNot = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(busyOrNot, fc.integer({ min: 2, max: 10 }), fc.integer({ min: 1, max: 5 }), (rows, first, samples) => {
      let state = NO_PRESSURE;
      let size = first;
      let since = samples;
      for (const busy of rows) {
        const step = stepPressure(state, Array<number>(size).fill(busy ? 7 : 0), { ...options, samples });
        state = step.state;
        since += 1;
        if (step.delta === 0) continue;
        if (since < samples) return false;
        since = 0;
        size += step.delta;
        if (size < options.min || size > options.max) return false;
      }
      return true;
    }),
  );
  t.end();
});

t.test('options of pressure that make no sense are refused by name', (t) => {
  const bad: Partial<PressureOptions>[] = [{ min: 0 }, { max: 1 }, { rampupRate: 0 }, { backoffThreshold: 1 }];
  bad.push({ backoffRate: 2 }, { samples: 0 }, { periodMs: 0 }, { pressureThreshold: -1 });
  for (const one of bad) {
    const [field = ''] = Object.keys(one);
    t.throws(() => checkPressure({ ...options, ...one }), {
      code: 'BAD_CONFIG',
      message: new RegExp(`resize.${field} is`),
    });
  }
  t.end();
});
