/** A thread that dies on one node, as another node hears of it; over a real nats-server. */
import { ClusterNode } from '#cluster/node';
import type { ActorAddress } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { withNats } from '#test/support/nats';
import { bystander, guard, harmful, waiter } from '#test/testdata/actors/harmful';

const modules = [new URL('../testdata/actors/harmful.js', import.meta.url).href];

async function startNode(t: Test, url: string, name: string, executors: number): Promise<ClusterNode> {
  const node = await ClusterNode.start({
    cluster: 'deaths',
    name,
    roles: ['worker'],
    executors,
    modules,
    log: { level: 'silent', format: 'json' },
    version: '0',
    callTimeoutMs: 20_000,
    defaults: { supervision: { maxRestarts: 10, withinMs: 5_000 } },
    labels: {},
    scheduling: { stallMs: 500 },
    threadIntensity: { maxRestarts: 20, withinMs: 60_000 },
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 10_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
  t.teardown(() => node.stop());
  return node;
}

/** The actors of a node that are there, by address. */
async function living(node: ClusterNode): Promise<readonly ActorAddress[]> {
  return (await node.system.list()).map(({ address }) => address);
}

for (const [how, reason] of [
  ['exit', 'crash'],
  ['spin', 'stalled'],
] as const) {
  t.test(
    `a thread of another node that ends by ${how}: calls fail, monitors fire once, remote parents restart, orphans end`,
    async (t) => {
      const { url } = await withNats(t);
      const [a, b] = [await startNode(t, url, 'a', 1), await startNode(t, url, 'b', 2)];
      await eventually('each sees the other', () => a.members().length === 2 && b.members().length === 2);
      const boss = await a.system.spawn(guard, undefined, { executor: 1 });
      const child = a.system.ref(harmful, await boss.call('make', { node: 'b', executor: 1 }));
      const far = a.system.ref(bystander, (await b.system.spawn(bystander, undefined, { executor: 1 })).address);
      const safe = a.system.ref(bystander, (await b.system.spawn(bystander, undefined, { executor: 2 })).address);
      for (const { address } of [far, safe]) await boss.call('watch', address);
      const doomedParent = await b.system.spawn(guard, undefined, { executor: 1 });
      const orphan = await doomedParent.call('make', { node: 'a', executor: 1 });
      t.ok((await living(a)).includes(orphan));
      const waiter_ = await a.system.spawn(waiter, undefined, { executor: 1 });
      await safe.call('add', 3);

      const forEver = { timeoutMs: Number.POSITIVE_INFINITY };
      const failed = { code: 'EXECUTOR_DOWN', facts: { executor: 1, class: reason } };
      const calls = [
        t.rejects(far.call('hang', undefined, forEver), failed, 'a call from the main thread'),
        t.rejects(waiter_.call('wait', far.address, forEver), failed, 'a call of an actor'),
        t.rejects(child.call(how, undefined, forEver), failed, 'the fatal call'),
      ];
      await Promise.all(calls);
      await eventually('the child is back', () =>
        child.call('ping', undefined, { timeoutMs: 1_000 }).then(
          () => true,
          () => false,
        ),
      );
      await eventually('the orphan is gone', async () => !(await living(a)).includes(orphan));
      t.equal(await safe.call('add', 1), 4, 'the other thread has lost nothing');
      t.same(await boss.call('infos'), [`down ${reason} ${far.address}`]);
      await eventually('the one that its own node restarts is back', () =>
        far.call('add', 0, { timeoutMs: 1_000 }).then(
          () => true,
          () => false,
        ),
      );
    },
  );
}
