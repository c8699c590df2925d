/** The questions about starting: that what is started has answered, and that fewer are not taken for all. */
import t from 'tap';
import { measure } from '../../bench/harness/measure.js';
import { startCluster } from '../../bench/questions/start/start.js';
import { startQuestions } from '../../bench/questions/start/index.js';
import { allComplete } from './contenders.js';

for (const question of startQuestions) {
  t.test(`${question.name}: a start counts once all of its nodes have answered`, (t) =>
    allComplete(t, question, question.sizes.quick),
  );
}

t.test('a start of fewer nodes than are asked for is refused by the harness', async (t) => {
  const plan = { forks: 1, warmups: 0, rounds: 1 };
  const question = {
    ...startCluster,
    contenders: startCluster.contenders.filter(({ name }) => name === 'Node.js, bare'),
    completes: () => 4,
    plans: { full: plan, quick: plan },
  };
  const { signal } = new AbortController();
  await t.rejects(measure(question, { quick: true, signal, say: () => {} }), {
    message: 'start-cluster: Node.js, bare completed 3 of 4 nodes',
  });
});
