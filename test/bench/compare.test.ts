/** What a comparison flags. */
import t from 'tap';
import { compare, renderCompared } from '#bench/harness/compare';
import type { Answer, Measured } from '#bench/harness/measure';

function spread(median: number): { readonly median: number; readonly least: number; readonly most: number } {
  return { median, least: median, most: median };
}

function answered(question: string, contenders: readonly Measured[], better: 'more' | 'less' = 'more'): Answer {
  return {
    kind: 'question',
    question,
    suite: 'local',
    asks: '?',
    quick: false,
    size: {},
    day: '2026-01-01',
    machine: 'm',
    plan: { forks: 1, warmups: 0, rounds: 1 },
    figure: { measure: 'x', better },
    contenders,
    goals: [],
    seconds: 1,
  };
}

const ours = (x: number): Measured => ({ name: 'skep', measures: { x: spread(x) } });
const peer = (ratio: number): Measured => ({ name: 'nact', measures: { x: spread(1) }, ratio: spread(ratio) });

t.test(
  'a ratio to a peer that lost more than a tenth is flagged, whatever the machine did to our own figure',
  async (t) => {
    const saved = { sections: [answered('cast', [ours(1_000), peer(2)])] };
    const slowMachine = { sections: [answered('cast', [ours(400), peer(1.9)])] };
    t.same(
      compare(saved, slowMachine).map(({ lost }) => lost),
      [false],
    );
    const slower = { sections: [answered('cast', [ours(1_000), peer(1.7)])] };
    const rows = compare(saved, slower);
    t.match(rows, [{ question: 'cast', against: 'nact', before: 2, now: 1.7, lost: true }]);
    t.match(renderCompared(rows), /cast +nact +2\.00x +1\.70x +0\.85x +LOST/);
  },
);

t.test('without a peer in both, our own figure is compared, also where less is better', async (t) => {
  const saved = { sections: [answered('memory', [ours(500)], 'less')] };
  t.match(compare(saved, { sections: [answered('memory', [ours(600)], 'less')] }), [
    { before: 500, now: 600, lost: true },
  ]);
  t.match(compare(saved, { sections: [answered('memory', [ours(400)], 'less')] }), [{ change: 1.25, lost: false }]);
});

t.test('questions that only one of both holds are left out, and nothing in common is said', async (t) => {
  const saved = { sections: [answered('old', [ours(1)])] };
  const rows = compare(saved, { sections: [answered('new', [ours(1)])] });
  t.same(rows, []);
  t.equal(renderCompared(rows), 'no question is in both results');
});
