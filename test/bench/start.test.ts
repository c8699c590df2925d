/** The questions about starting: that what is started has answered, and is gone afterwards. */
import t from 'tap';
import { startQuestions } from '#bench/questions/start/index';
import { allComplete } from './contenders.js';

for (const question of startQuestions) {
  await t.test(`${question.name}: a start counts once all of its nodes have answered`, (t) =>
    allComplete(t, question, question.sizes.quick),
  );
}
