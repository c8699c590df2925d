/** A line that breaks in the middle of a flood: at most what was under way is lost, and the flow comes back by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '#cluster/transport/nats-server';
import { consumer, producer, third } from '#test/testdata/actors/flow';
import { eventually } from '#test/support/eventually';
import t from 'tap';
import { expectedIds } from '../../runtime/flow/flood.js';
import { twoNodes } from './support.js';

t.setTimeout(120_000);

/** One window of the only sender to the consumer. */
const WINDOW = 250;

for (const { what, workMs, count } of [
  { what: 'slow', workMs: 0.1, count: 12_000 },
  { what: 'fast', workMs: 0, count: 200_000 },
]) {
  t.test(
    `a nats-server killed for half a second before a ${what} receiver: one window is lost at most, and the flow goes on`,
    async (t) => {
      const first = await startNatsServer();
      t.teardown(() => first.stop());
      const { a, b } = await twoNodes(t, first.url);
      const from = await a.system.spawn(producer, undefined, { executor: 1 });
      const to = await b.system.spawn(consumer, { workMs }, { executor: 1 });
      const gauge = await b.system.spawn(third, undefined, { executor: 1 });
      const handled = (): Promise<number> => gauge.call('handled');
      const running = from.call('run', { to: to.address, count: count, obey: true }, { timeoutMs: 120_000 });
      await eventually('the flood is on', async () => (await handled()) > 1_000);
      process.kill(first.pid, 'SIGKILL');
      await first.exited;
      const atDeath = await handled();
      await sleep(500);
      const second = await startNatsServer({ port: first.port });
      t.teardown(() => second.stop());
      const { refused } = await running;
      // The last ones are sent long after the outage, so they arrive.
      await eventually('the last message is handled', async () => (await to.call('ids')).at(-1) === count - 1, 60_000);
      const ids = await to.call('ids');
      const lost = count - ids.length;
      t.comment(`killed after ${atDeath} were handled; ${lost} of ${count} accepted casts lost with the line`);
      t.same(refused, []);
      t.ok(atDeath < count - 2 * WINDOW, 'the outage came in the middle');
      t.ok(lost <= WINDOW, `${lost} lost`);
      t.ok(
        ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0)),
        'in order and none twice',
      );
      const missing = expectedIds(count, ids);
      t.equal((missing.at(-1) ?? 0) - (missing[0] ?? 0) + 1, Math.max(1, lost), 'what is lost was under way together');
      t.match((await a.system.reports())[2]?.flow, { waiting: 0 });
    },
  );
}
