/** The runtime's own signals under a flood of user messages between threads. */
import { consumer, producer, third } from '#test/testdata/actors/flow';
import { overseer } from '#test/testdata/actors/probe';
import t from 'tap';
import { eventually } from '../../support/eventually.js';
import { deadLetters, threadSystem } from '../support.js';

t.setTimeout(120_000);

t.test('a monitor and a stop overtake a flood from another thread, and what the flood leaves is counted', async (t) => {
  const system = await threadSystem(t, ['flow', 'probe']);
  const from = await system.spawn(producer, undefined, { executor: 1 });
  const to = await system.spawn(consumer, { workMs: 1 }, { executor: 2 });
  const gauge = await system.spawn(third, undefined, { executor: 2 });
  const watcher = await system.spawn(overseer, undefined, { executor: 1 });
  const count = 8_000;
  const { refused } = await from.call('run', { to: to.address, count, obey: false }, { timeoutMs: 60_000 });
  t.same(refused, [], 'all of it waits: in the mailbox, and for credit');
  await watcher.call('watch', to.address);
  system.stopActor(to.address);
  await eventually('the watcher hears of the end', async () => (await watcher.call('infos')).length > 0, 60_000);
  const handled = await gauge.call('handled');
  t.match(await watcher.call('infos'), [{ type: 'down', address: to.address }]);
  t.ok(handled < count / 2, `${handled} of ${count} were handled before the stop`);
  const counted = async (): Promise<number> => {
    const letters = await deadLetters(system);
    return (letters['stopped'] ?? 0) + (letters['no-such-actor'] ?? 0);
  };
  await eventually('the rest is counted', async () => (await counted()) === count - handled, 60_000);
  t.same(
    (await system.reports()).map(({ flow }) => [flow.waiting, flow.withheld]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  );
});
