/** Threads that die: what fails, what goes on, and what comes back. */
import type { ActorAddress, ActorRef, SkepError } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { fragile, overseer, recorder } from '#test/testdata/actors/probe';
import { threadSystem } from '../support.js';

/** Ends the thread of an actor and waits until that is known. */
async function kill(t: Test, victim: ActorRef<typeof fragile>, how: 'error' | 'exit' = 'error'): Promise<void> {
  await t.rejects(victim.call('die', how, { timeoutMs: 20_000 }), { code: 'EXECUTOR_DOWN' });
}

/** Waits until a call is answered. */
async function answers(call: () => Promise<unknown>): Promise<void> {
  const asked = (): Promise<boolean> =>
    call().then(
      () => true,
      () => false,
    );
  await eventually('the actor answers again', asked);
}

for (const [how, what] of [
  ['error', 'dies by an uncaught error'],
  ['exit', 'ends by process.exit'],
] as const) {
  t.test(
    `a thread that ${what}: its calls fail, its neighbours work, its actors come back at their address`,
    async (t) => {
      const system = await threadSystem(t, ['probe']);
      const victim = await system.spawn(fragile, undefined, { executor: 1, name: 'victim' });
      const neighbour = await system.spawn(fragile, undefined, { executor: 1, name: 'neighbour' });
      const elsewhere = await system.spawn(fragile, undefined, { executor: 2 });
      t.equal(await victim.call('add', 3), 3);
      t.equal(await elsewhere.call('add', 3), 3);
      const inFlight = t.rejects(neighbour.call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY }), {
        code: 'EXECUTOR_DOWN',
        facts: { executor: 1 },
      });
      const source = await system.spawn(fragile, undefined, { executor: 1 });
      const stream = source.call('forever')[Symbol.asyncIterator]();
      await stream.next();
      await kill(t, victim, how);
      await inFlight;
      await t.rejects(
        (async () => {
          for (;;) await stream.next();
        })(),
        { code: 'EXECUTOR_DOWN' },
      );
      t.equal(await elsewhere.call('add', 1), 4, 'the other thread has lost nothing');
      for (const ref of [victim, neighbour]) {
        await eventually('the actor is back', () =>
          ref.call('add', 0).then(
            (count) => count === 0,
            () => false,
          ),
        );
        t.equal(await ref.call('executor'), 1);
      }
      t.equal(await system.lookupAddress('victim'), victim.address, 'with its name');
      const fresh = await system.spawn(fragile, undefined, { executor: 1 });
      t.notOk([victim.address, neighbour.address].includes(fresh.address), 'no address is given twice');
      await t.rejects(system.spawn(fragile, undefined, { name: 'victim' }), { code: 'NAME_TAKEN' });
    },
  );
}

t.test('on one node that goes on', async (t) => {
  const system = await threadSystem(t, ['probe']);

  await t.test(
    'watchers and supervisors on other threads hear of a death once, and temporary children stay away',
    async (t) => {
      const boss = await system.spawn(overseer, undefined, { executor: 2 });
      const kept = system.ref(fragile, await boss.call('make', { executor: 1 }));
      const lost = system.ref(fragile, await boss.call('make', { executor: 1, name: 'lost', restart: 'temporary' }));
      await boss.call('watch', kept.address);
      await kill(t, kept);
      await eventually('the boss was told', async () => (await boss.call('infos')).length >= 2);
      await answers(() => kept.call('add', 0));
      const infos = (await boss.call('infos')).map(
        (info) => `${info.type} ${info.type === 'down' ? info.address : info.type === 'exit' ? info.child : ''}`,
      );
      t.same([...infos].sort(), [`down ${kept.address}`, `exit ${lost.address}`]);
      await t.rejects(lost.call('add', 1), { code: 'NO_SUCH_ACTOR' });
      const successor = await system.spawn(fragile, undefined, { name: 'lost', executor: 2 });
      t.equal(
        await system.lookupAddress('lost'),
        successor.address,
        'a name whose holder never came back can be taken',
      );
    },
  );

  await t.test('children of a parent that died with its thread end with it', async (t) => {
    const boss = await system.spawn(overseer, undefined, { executor: 1 });
    const child = await boss.call('make', { executor: 2, name: 'n' });
    const bomb = await system.spawn(fragile, undefined, { executor: 1 });
    await kill(t, bomb);
    await eventually('the child is gone', async () => !(await system.list()).some(({ address }) => address === child));
    await answers(() => boss.call('infos'));
    t.not(await boss.call('make', { executor: 2, name: 'n' }), child, 'and makes the child anew under the same name');
  });

  await t.test('many actors on one thread come back together: a death counts as one failure of each', async (t) => {
    const refs = await Promise.all(Array.from({ length: 20 }, () => system.spawn(fragile, undefined, { executor: 1 })));
    const [first] = refs;
    if (first === undefined) throw new Error('unreachable');
    await kill(t, first);
    for (const ref of refs) await answers(() => ref.call('add', 0));
  });
});

t.test('two threads that die at once are both replaced', async (t) => {
  const system = await threadSystem(t, ['probe']);
  const refs = [
    await system.spawn(fragile, undefined, { executor: 1 }),
    await system.spawn(fragile, undefined, { executor: 2 }),
  ];
  await Promise.all(refs.map((ref) => kill(t, ref)));
  for (const ref of refs) {
    await answers(() => ref.call('executor', undefined, { timeoutMs: 500 }));
  }
  const noted = await system.spawn(recorder, undefined, { executor: 1 });
  noted.cast('note', 1);
  t.equal(await noted.call('count'), 1);
});

t.test(
  'a thread that is stuck does not keep another from being replaced, nor reports and shutdown from ending',
  async (t) => {
    const system = await threadSystem(t, ['probe'], { shutdownMs: 200 });
    const stuck = await system.spawn(fragile, undefined, { executor: 2 });
    const victim = await system.spawn(fragile, undefined, { executor: 1 });
    stuck.cast('block', 600_000);
    await kill(t, victim);
    await answers(() => victim.call('add', 0, { timeoutMs: 500 }));
    // Both wait for the stuck thread as long as they may, so they wait together.
    const [reports] = await Promise.all([system.reports(), system.shutdown()]);
    t.same(
      reports.map(({ id }) => id),
      [1_000, 0, 1],
    );
  },
);

t.test('a system executor that dies is fatal for the node: onFatal hears it, calls fail, shutdown ends', async (t) => {
  let tell = (_error: SkepError): void => {};
  const fatal = new Promise<SkepError>((resolve) => (tell = resolve));
  const system = await threadSystem(t, ['probe'], { onFatal: (error) => tell(error) });
  const victim = await system.spawn(fragile, undefined, { executor: 'system' });
  await kill(t, victim);
  t.match(await fatal, { code: 'EXECUTOR_DOWN', message: /the system executor ended: .*thread killed/ });
  await system.shutdown();
});

t.test('threads that die more often than their intensity allows are fatal in the end', async (t) => {
  let fatal: SkepError | undefined;
  const system = await threadSystem(t, ['probe'], {
    threadIntensity: { maxRestarts: 2, withinMs: 60_000 },
    shutdownMs: 200,
    onFatal: (error) => (fatal = error),
  });
  for (let deaths = 0; deaths < 3; deaths += 1) {
    t.equal(fatal, undefined, `${deaths} deaths are allowed`);
    let address: ActorAddress | undefined;
    await eventually('a victim lives', async () => {
      const spawned = await system
        .spawn(fragile, undefined, { executor: 1, restart: 'temporary' })
        .catch(() => undefined);
      address = spawned?.address;
      return address !== undefined;
    });
    await kill(t, system.ref(fragile, address as ActorAddress));
  }
  await eventually('the node gives up', () => fatal !== undefined);
  t.match(fatal, { code: 'EXECUTOR_DOWN', message: /executors ended 3 times within 60000 ms/ });
});
