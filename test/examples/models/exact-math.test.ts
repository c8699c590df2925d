/** exp, sine and cosine of the trainer, beside those of the engine. */
import t from 'tap';
import { cosine, exp, sine } from '#examples/models/exact-math';

t.test('exp is right to twelve digits, zero far below and infinite far above', async (t) => {
  for (let x = -699; x < 700; x += 0.37) {
    const error = Math.abs(exp(x) / Math.exp(x) - 1);
    if (error > 1e-12) t.fail(`exp(${x}) is off by ${error}`);
  }
  t.equal(exp(0), 1);
  t.equal(exp(-701), 0);
  t.equal(exp(701), Infinity);
});

t.test('sine and cosine are right to ten digits up to the positions that are used', async (t) => {
  for (let angle = -2_048; angle < 2_048; angle += 0.77) {
    const error = Math.max(Math.abs(sine(angle) - Math.sin(angle)), Math.abs(cosine(angle) - Math.cos(angle)));
    if (error > 1e-10) t.fail(`at ${angle} they are off by ${error}`);
  }
});
