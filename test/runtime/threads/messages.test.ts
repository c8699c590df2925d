/** Executors in threads: what holds on one executor holds between them. */
import { formatAddress } from '#protocols/wire/address';
import t from 'tap';
import { eventually } from '../../support/eventually.js';
import { counter } from '#test/testdata/actors/counter';
import { doomed, eager, overseer, recorder, sender } from '#test/testdata/actors/probe';
import { deadLetters, threadSystem } from '../support.js';

t.test('between two threads', async (t) => {
  const system = await threadSystem(t, ['counter', 'probe']);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  await t.test('calls, casts and streams work between any two executors', async (t) => {
    for (const executor of [1, 2, 'system'] as const) {
      const ref = await system.spawn(counter, { start: 5 }, { executor });
      t.equal(await ref.call('add', { amount: 2 }), 7);
      ref.cast('bump');
      t.equal(await ref.call('get'), 8);
      const items: number[] = [];
      for await (const item of ref.call('countdown', { step: 3 })) items.push(item);
      t.same(items, [8, 5, 2]);
      system.stopActor(ref.address);
    }
  });

  await t.test('messages from several threads to one actor are in order for each sender', async (t) => {
    const to = await system.spawn(recorder, undefined, { executor: 1 });
    const senders = await Promise.all(
      [1, 2, 'system' as const].map((executor) => system.spawn(sender, undefined, { executor })),
    );
    await Promise.all(senders.map((ref) => ref.call('send', { to: to.address, count: 3_000 })));
    // The question comes from a fourth thread, so it may overtake mail of the others that is still on its way.
    let seen = await to.call('seen');
    await eventually('all mail has arrived', async () => (seen = await to.call('seen')).length === 9_000);
    for (const { address } of senders) {
      t.same(
        seen.filter(({ from }) => from === address).map(({ n }) => n),
        numbers(3_000),
        address,
      );
    }
    t.same(await deadLetters(system), {});
  });

  await t.test('a sender ahead of its thread is told to wait, and may go on when its backlog has left', async (t) => {
    const to = await system.spawn(recorder, undefined, { executor: 1 });
    const from = await system.spawn(sender, undefined, { executor: 2 });
    const waits = await from.call('send', { to: to.address, count: 9_000 });
    t.ok(waits >= 2, `waited ${waits} times`);
    t.equal(await from.call('ask', { to: to.address }), 9_000);
  });

  await t.test('large messages arrive whole', async (t) => {
    const to = await system.spawn(recorder, undefined, { executor: 2 });
    t.equal(await to.call('bytes', new Uint8Array(5_000_000)), 5_000_000);
  });

  await t.test('a message that is not plain data fails its call and no other', async (t) => {
    const to = await system.spawn(recorder, undefined, { executor: 2 });
    const bad = system.call(to.address, 'bytes', { of: () => 1 });
    const good = to.call('bytes', new Uint8Array(3));
    await t.rejects(bad, { code: 'BAD_MESSAGE', message: /at of is a function/ });
    t.equal(await good, 3);
    t.equal((await deadLetters(system)).unencodable, 1);
  });

  await t.test(
    'spawns go to the default executors in turn, and refusals keep their codes across threads',
    async (t) => {
      const refs = await Promise.all(numbers(4).map(() => system.spawn(counter, { start: 0 })));
      t.same(
        refs.map(({ address }) => address.split('/')[1] ?? '').sort((a, b) => Number(a) - Number(b)),
        ['1', '1', '2', '2'],
      );
      await t.rejects(system.spawn(doomed, { why: 'bad luck' }, { executor: 2 }), {
        code: 'INIT_FAILED',
        message: /bad luck/,
      });
      await system.spawn(counter, { start: 0 }, { name: 'n', executor: 1 });
      await t.rejects(system.spawn(counter, { start: 0 }, { name: 'n', executor: 2 }), { code: 'NAME_TAKEN' });
      t.equal(await (await system.lookup(counter, 'n'))?.call('get'), 0);
    },
  );

  await t.test(
    'a child on another thread that fails before its start is answered is restarted by its parent',
    async (t) => {
      const boss = await system.spawn(overseer, undefined, { executor: 1 });
      for (let round = 0; round < 3; round += 1) {
        const child = system.ref(eager, await boss.call('makeEager', 2));
        t.equal(await child.call('life'), 2);
      }
    },
  );

  await t.test('an executor that no node has is NO_SUCH_ACTOR at once, not a wait', async (t) => {
    const address = formatAddress({ node: 'a', incarnation: system.incarnation, executor: 9, serial: 16 });
    await t.rejects(system.call(address, 'get', null), { code: 'NO_SUCH_ACTOR' });
  });
});
