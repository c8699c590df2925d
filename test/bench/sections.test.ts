/** Sections of every kind in the results: charts beside the page that shows them, and points that can be compared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compare } from '#bench/harness/compare';
import { readResults, writeResults } from '#bench/harness/results';
import { measureSweep, type Sweep } from '#bench/harness/sweep';

/** A sweep of one contender that does so many messages a second. */
function sweepAt(perSecond: number): Sweep {
  return {
    name: 'a-sweep',
    suite: 'local',
    asks: 'Does it grow?',
    counts: 'messages',
    along: { name: 'actors', label: 'actors', unit: 'count' },
    points: { full: [], quick: [1, 10].map((actors) => ({ actors })) },
    completes: () => 1_000,
    growth: { of: 'one message', operations: () => 1, atMost: 1.2 },
    contenders: [
      {
        name: 'skep',
        start: async () => ({ run: async () => ({ ms: 1e6 / perSecond, operations: 1_000 }), stop: async () => {} }),
      },
    ],
  };
}

const options = { quick: true, signal: new AbortController().signal, say: (): void => {} };

t.test('the page shows a chart that lies beside it, and is the same when it is written again', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'results.json');
  await writeResults(file, { sections: [await measureSweep(sweepAt(1_000), options)] });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const [, chart = ''] = /!\[[^\]]+\]\((charts\/a-sweep\.svg)\)/.exec(read('RESULTS.md')) ?? [];
  const drawn = read(chart);
  t.match(drawn, /^<svg /);
  await writeResults(file, await readResults(file));
  t.equal(read(chart), drawn);
});

t.test('a point of a sweep that lost more than a tenth is flagged', async (t) => {
  const saved = { sections: [await measureSweep(sweepAt(1_000), options)] };
  const slower = { sections: [await measureSweep(sweepAt(800), options)] };
  t.match(compare(saved, slower), [
    { question: 'a-sweep at actors 1', lost: true },
    { question: 'a-sweep at actors 10', lost: true },
  ]);
});
