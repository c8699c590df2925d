/** Whole groups, message by message, as text: test/testdata/pbft. */
import t from 'tap';
import { runScenarios } from '../../support/datadriven.js';
import { Script } from './script.js';

runScenarios(t, 'pbft', () => {
  const script = new Script();
  return (command) => script.run(command);
});
