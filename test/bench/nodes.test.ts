/** The questions about two nodes: that their contenders do the work. */
import t from 'tap';
import { nodesQuestions } from '../../bench/questions/nodes/index.js';
import { allComplete } from './contenders.js';

const little = { messages: 200, calls: 40, depth: 8, pings: 50, items: 50 };

// Of the two questions about calls the one with more contenders: the other differs in its size alone.
for (const question of nodesQuestions.filter(({ name }) => name !== 'call-nodes-128')) {
  t.test(`${question.name}: every contender completes what is asked, counted where it ends`, (t) =>
    allComplete(t, question, little),
  );
}
