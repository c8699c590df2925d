/** Sweeps: the growth they tell, the contenders they refuse, and each program and peer that takes part. */
import fc from 'fast-check';
import t from 'tap';
import { Absent, type Contender, type Size } from '#bench/harness/question';
import { exponentOf, measureSweep, type Sweep } from '#bench/harness/sweep';
import { chartOf, renderSweep } from '#bench/harness/sweep-results';
import { sweeps } from '#bench/sweeps/index';

const options = { quick: true, signal: new AbortController().signal, say: () => {} };

/** A contender that takes so long, and says that it did so much. */
function fake(name: string, msOf: (size: Size) => number, share = 1): Contender {
  return {
    name,
    start: async () => ({
      run: async (size) => ({ ms: msOf(size), operations: (size['messages'] ?? 0) * share }),
      stop: async () => {},
    }),
  };
}

function sweepOf(...contenders: readonly Contender[]): Sweep {
  const at = (actors: number) => ({ actors, messages: 1_000 });
  return {
    name: 'a-sweep',
    suite: 'local',
    asks: 'Does it grow?',
    counts: 'messages',
    along: { name: 'actors', label: 'actors', unit: 'count' },
    points: { full: [1, 10, 100].map(at), quick: [1, 10, 100].map(at) },
    completes: ({ messages = 0 }) => messages,
    growth: { of: 'one message to each actor', operations: ({ actors = 0 }) => actors, atMost: 1.2 },
    contenders,
  };
}

t.test('the exponent is that of the power which the points follow', async (t) => {
  const double = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const property = fc.property(double(-2, 3), double(0.01, 100), (exponent, factor) => {
    const points = [1, 3, 40, 1_000].map((x) => ({ x, y: factor * x ** exponent }));
    return Math.abs(exponentOf(points) - exponent) < 1e-6;
  });
  t.doesNotThrow(() => fc.assert(property));
  t.ok(Number.isNaN(exponentOf([{ x: 2, y: 1 }])), 'one point has no slope');
});

t.test(
  'a message that costs the same for any number of actors is linear; one that costs more with each is not',
  async (t) => {
    const flat = fake('skep', () => 10);
    const rising = fake('rival', ({ actors = 0 }) => 10 * actors);
    const answer = await measureSweep(sweepOf(flat, rising), options);
    t.same(
      answer.growth.map(({ name, exponent }) => [name, Number(exponent.toFixed(6))]),
      [
        ['skep', 1],
        ['rival', 2],
      ],
    );
    t.ok(answer.holds);
    t.same(
      answer.points.map(({ x, answer: at }) => [x, Math.round(1e6 * (at.contenders[1]?.ratio?.median ?? 0)) / 1e6]),
      [
        [1, 1],
        [10, 10],
        [100, 100],
      ],
    );
    t.notOk((await measureSweep(sweepOf(rising, flat), options)).holds, 'the first is ours');
  },
);

t.test('a contender that does less than asked at one point is refused', async (t) => {
  const lazy = fake('lazy', () => 10, 0.5);
  await t.rejects(
    measureSweep(
      sweepOf(
        fake('skep', () => 10),
        lazy,
      ),
      options,
    ),
    /lazy completed 500 of 1000 messages/,
  );
});

t.test('the section and the chart show every point, and say who took no part', async (t) => {
  const absent: Contender = { name: 'Erlang/OTP', start: () => Promise.reject(new Absent('it is not installed')) };
  const answer = await measureSweep(
    sweepOf(
      fake('skep', () => 10),
      fake('rival', () => 20),
      absent,
    ),
    options,
  );
  const section = renderSweep(answer);
  t.match(section, '## a-sweep');
  t.match(section, '](charts/a-sweep.svg)');
  t.match(section, /to the power of: skep 1\.00, rival 1\.00\..*keeps that/);
  t.match(section, 'Erlang/OTP took no part: it is not installed.');
  t.equal([...section.matchAll(/^\| [\d,]+ \| 100,000 .*\| 50,000 .*\| 2\.00x/gm)].length, 3);
  const svg = chartOf(answer);
  t.equal([...svg.matchAll(/transform="translate/g)].length, 2 * 3 + 2, 'points, and marks of the legend');
  t.same(JSON.parse(JSON.stringify(answer)), answer, 'it can be kept as JSON');
});

/** So little that a run takes a moment. */
const tiny: Readonly<Record<string, Size>> = {
  actors: { actors: 50, messages: 100 },
  bytes: { bytes: 100_000, messages: 20 },
  casts: { casts: 4, bytes: 32, messages: 40 },
};

for (const contender of new Set(sweeps.flatMap(({ contenders }) => contenders))) {
  const sweep = sweeps.find(({ contenders }) => contenders.includes(contender));
  if (sweep === undefined) continue;
  t.test(`${contender.name} does all the work of ${sweep.name}, twice, at a tiny size`, async (t) => {
    const size = tiny[sweep.along.name] ?? {};
    try {
      const running = await contender.start(size, { signal: options.signal });
      try {
        for (let run = 0; run < 2; run += 1) {
          const { operations, ms } = await running.run(size);
          t.equal(operations, sweep.completes(size));
          t.ok(ms > 0);
        }
      } finally {
        await running.stop();
      }
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      t.comment(`skipped: ${error.message}`);
    }
  });
}
