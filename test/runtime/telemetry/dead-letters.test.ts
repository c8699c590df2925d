/** Dead letters under a flood: all are counted, few are kept. */
import { DeadLetters } from '#runtime/telemetry/dead-letters';
import t from 'tap';

t.test('a flood of dead letters is counted in full and kept in part, the latest last', async (t) => {
  const letters = new DeadLetters();
  for (let n = 0; n < 1_000; n += 1) letters.add({ reason: 'mailbox-full', to: undefined, name: `m${n}`, atMs: n });
  letters.add({ reason: 'no-route', to: undefined, name: 'last', atMs: 1_000 });
  const { counts, latest } = letters.report();
  t.same(counts, { 'mailbox-full': 1_000, 'no-route': 1 });
  t.equal(latest.length, 100);
  t.equal(latest.at(-1)?.name, 'last');
  t.equal(letters.count('late-reply'), 0);
});
