/** The question about the simulator: every contender steps the runs that it is asked for. */
import t from 'tap';
import { simulator } from '#bench/questions/simulation/simulator';
import { allComplete } from '#test/bench/contenders';

t.test('each model, the empty protocol and the bare loop complete their runs', async (t) => {
  await allComplete(t, simulator, { runs: 1 });
});
