// Raft clusters in the simulator, by seeds: each is another cluster in another world, with all invariants after each step.
import t from 'tap';
import { raftModel } from '#runtime/simulation/raft/index';
import { runSeed } from '#runtime/simulation/run';

const SEEDS = 60;

t.test('raft simulation: all seeds keep every invariant, and what clients saw is linearizable', async (t) => {
  const met = new Map<string, number>();
  let events = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { failure, sometimes, events: ran } = runSeed(raftModel, seed);
    t.equal(failure, undefined, `seed ${seed} ${failure?.message ?? ''}`);
    events += ran;
    for (const [what, count] of sometimes) met.set(what, (met.get(what) ?? 0) + count);
  }
  t.equal(met.get('history linearizable'), SEEDS);
  t.comment(`${events} events`);
  const never = raftModel.sometimes.filter((what) => !met.has(what));
  t.same(never, [], 'all that a campaign has to meet');
});

t.test('raft simulation: a seed is a run: the same events, twice', async (t) => {
  for (const seed of [3, 14, 15]) {
    const [one, other] = [runSeed(raftModel, seed), runSeed(raftModel, seed)];
    t.equal(one.hash, other.hash);
    t.equal(one.events, other.events);
  }
  t.not(runSeed(raftModel, 3).hash, runSeed(raftModel, 4).hash);
});
