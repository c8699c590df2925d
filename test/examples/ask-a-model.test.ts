/** The example that asks a model prints its answer, from the tiny model of this repository. */
import t from 'tap';
import { runExample } from './run.js';

t.test('examples/ask-a-model loads a model, asks it through an actor, and ends by itself', async (t) => {
  const { code, lines, errors } = await runExample('ask-a-model');
  t.equal(code, 0, errors);
  t.same(lines, [
    '> What is an actor?',
    'An actor has a state, a mailbox, and handlers for calls and casts.',
    '',
    'answered: 1',
  ]);
});
