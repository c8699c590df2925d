/** Event-sourced actors over a store in memory: what is stored, what comes back, and what a failure leaves. */
import t from 'tap';
import { tally } from '#test/testdata/actors/ledger';
import { storedSystem } from './support.js';

t.test('a crash', async (t) => {
  const { system } = await storedSystem(t);
  const ref = await system.spawn(tally, { key: 'k' });
  t.equal(await ref.call('add', { amount: 2 }), 2);
  t.equal(await ref.call('add', { amount: 3 }), 5);
  t.same(await ref.call('get'), { count: 5, applied: 2, notes: [] });
});
