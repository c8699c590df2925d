/** The quorum store under simulation: some seeds of each kind, the same run twice, and what a run has to have met. */
import { planOf, runSeed } from '#runtime/simulation/run';
import { quorumModel } from '#runtime/simulation/quorum/index';
import type { Model } from '#runtime/simulation/model';
import t from 'tap';

const model: Model = quorumModel;
const SEEDS = 40;
/** Met by nearly every run, so that a few dozen have to meet each. */
const usual: readonly string[] = [
  'write acknowledged',
  'read answered',
  'redirected',
  'deleted',
  'siblings returned',
  'read repair',
  'hint kept',
  'hint delivered',
  'merkle repair',
  'quorum failed',
  'range moved',
  'recovered',
  'tombstone collected',
  'sloppy quorum',
];

t.test('reads are regular, acknowledged writes survive, and replicas agree in the end, whatever strikes', (t) => {
  const met = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const outcome = runSeed(model, seed);
    for (const what of outcome.sometimes.keys()) met.add(what);
    t.equal(outcome.failure, undefined, `seed ${seed}: ${outcome.failure?.message ?? 'holds'}`);
  }
  t.same(
    usual.filter((what) => !met.has(what)),
    [],
    'all of this was met',
  );
  t.end();
});

t.test('the same seed is the same run', (t) => {
  const [one, other] = [runSeed(model, 11), runSeed(model, 11)];
  t.equal(one.hash, other.hash);
  t.equal(one.events, other.events);
  t.not(runSeed(model, 12).hash, one.hash);
  t.end();
});

t.test('a plan survives JSON, and its run is the same one', (t) => {
  const plan = JSON.parse(JSON.stringify(planOf(model, 5))) as ReturnType<typeof planOf>;
  t.equal(runSeed(model, 5, { plan }).hash, runSeed(model, 5).hash);
  t.end();
});
