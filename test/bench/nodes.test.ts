/** The questions about two nodes: that their contenders do the work, and that less work is not taken for all of it. */
import t from 'tap';
import { measure } from '#bench/harness/measure';
import { nodesQuestions } from '#bench/questions/nodes/index';
import { allComplete } from './contenders.js';

const little = { messages: 200, calls: 40, depth: 8, pings: 50, items: 50 };

for (const question of nodesQuestions) {
  await t.test(`${question.name}: everybody completes what is asked, counted where it ends`, (t) =>
    allComplete(t, question, little),
  );
}

t.test('a work between nodes that completes less than is asked is refused by the harness', async (t) => {
  const question = nodesQuestions.find(({ name }) => name === 'cast-nodes');
  if (question === undefined) throw new Error('there is no such question');
  const plan = { forks: 1, warmups: 0, rounds: 1 };
  const more = {
    ...question,
    sizes: { full: little, quick: little },
    completes: () => little.messages + 1,
    contenders: question.contenders.slice(0, 1),
    goals: [],
    plans: { full: plan, quick: plan },
  };
  const { signal } = new AbortController();
  await t.rejects(measure(more, { quick: true, signal, say: () => {} }), {
    message: `cast-nodes: skep completed ${little.messages} of ${little.messages + 1} messages`,
  });
});
