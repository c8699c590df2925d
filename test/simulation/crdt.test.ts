/** Simulated worlds of delta-CRDTs: few enough for every run of the tests; campaigns of thousands are run by hand. */
import { crdtModel } from '#runtime/simulation/crdt/index';
import { runSeed } from '#runtime/simulation/run';
import t from 'tap';

const seeds = Array.from({ length: 40 }, (_, at) => at + 1);

t.test(
  'replicas come to what the history says under loss, duplication, reordering, partitions, crashes and clock jumps',
  async (t) => {
    const met = new Set<string>();
    for (const seed of seeds) {
      const { failure, sometimes } = runSeed(crdtModel, seed);
      t.equal(failure, undefined, `seed ${seed}: ${failure?.message}`);
      for (const what of sometimes.keys()) met.add(what);
    }
    const missed = crdtModel.sometimes.filter((what) => !met.has(what));
    t.same(missed, [], 'a campaign that never meets these proves nothing');
  },
);

t.test('the same seed is the same run', async (t) => {
  for (const seed of [1, 2, 3]) t.equal(runSeed(crdtModel, seed).hash, runSeed(crdtModel, seed).hash);
  t.not(runSeed(crdtModel, 1).hash, runSeed(crdtModel, 2).hash);
});
