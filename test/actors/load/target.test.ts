/** What `skep load` talks to: counts by life, and an end that needs nobody. */
import t from 'tap';
import { loadTarget, tally } from '#actors/load/target';
import { TestSystem } from '#runtime/testing/test-system';

async function systemOf(t: { teardown(handler: () => Promise<void>): void }): Promise<TestSystem> {
  const system = await TestSystem.create({ seed: 1, executors: 1, definitions: [loadTarget] });
  t.teardown(() => system.shutdown());
  return system;
}

t.test('a target tells what it handled, and in which life it acknowledged', async (t) => {
  const system = await systemOf(t);
  const target = await system.spawn(loadTarget, { leaseMs: 60_000 });
  const lives = [await target.call('hit', { data: 'x' }), await target.call('hit', { data: 'x' })];
  t.same(tally.parse(await target.call('tally')), { life: 1, handled: 2 });
  t.same(lives, [1, 1]);
});

t.test('a target that nobody stops ends by itself when its lease is over', async (t) => {
  const system = await systemOf(t);
  const target = await system.spawn(loadTarget, { leaseMs: 1_000 }, { restart: 'transient' });
  await system.advance(999);
  t.equal(await target.call('hit', { data: 'x' }), 1);
  await system.advance(2);
  await t.rejects(target.call('hit', { data: 'x' }), { code: /NO_SUCH_ACTOR|ACTOR_STOPPED/ });
});
