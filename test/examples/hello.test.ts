/** The first example prints what its calls brought. */
import t from 'tap';
import { runExample } from './run.js';

t.test('examples/hello spawns, casts, calls and streams, and ends by itself', async (t) => {
  const { code, lines, errors } = await runExample('hello');
  t.same(lines, [
    'spawned hits',
    '5 + 2 = 7',
    'after a reset, 0 + 3 = 3',
    'countdown 3',
    'countdown 2',
    'countdown 1',
    'done',
  ]);
  t.equal(errors, '');
  t.equal(code, 0);
});
