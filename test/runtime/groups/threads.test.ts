/** Groups, topics and routers between threads, and a thread that dies under them. */
import { dispatcher, member } from '#test/testdata/actors/crowd';
import { eventually } from '#test/support/eventually';
import t from 'tap';
import { deadLetters, threadSystem } from '../support.js';

t.test('a thread that dies takes its members out of their groups, and those that come back join again', async (t) => {
  const system = await threadSystem(t, ['crowd']);
  const victim = await system.spawn(member, { groups: ['w'] }, { executor: 1 });
  const idle = await system.spawn(member, {}, { executor: 1, restart: 'temporary' });
  await system.groups.join('w', idle.address);
  const watcher = await system.spawn(member, {}, { executor: 2 });
  t.same(await watcher.call('monitor', 'w'), [victim.address, idle.address]);
  await t.rejects(victim.call('die', undefined, { timeoutMs: 20_000 }), { code: 'EXECUTOR_DOWN' });
  await eventually('the one with a supervisor is in again, alone', async () => {
    const members = await system.groups.getMembers('w');
    return members.length === 1 && members[0] === victim.address;
  });
  const events = (await watcher.call('infos')).flatMap((info) =>
    info.type === 'group' ? info.members.map((address) => `${info.event} ${address}`) : [],
  );
  t.same(events.slice(0, 2).sort(), [`leave ${idle.address}`, `leave ${victim.address}`].sort());
  t.same(events.slice(2), [`join ${victim.address}`]);
});

t.test('a router over a group sends to all threads without asking anybody, and follows the members', async (t) => {
  const system = await threadSystem(t, ['crowd']);
  const members = [1, 2, 1, 2].map((executor) => system.spawn(member, { groups: ['w'] }, { executor }));
  const refs = await Promise.all(members);
  const sender = await system.spawn(dispatcher, { group: 'w', strategy: 'round-robin' }, { executor: 1 });
  t.equal((await sender.call('routees')).length, 4);
  await sender.call('note', 400);
  const noted = async (): Promise<number[]> =>
    (await Promise.all(refs.map((ref) => ref.call('notes')))).map((notes) => notes.length);
  await eventually('each has a quarter', async () => (await noted()).every((count) => count === 100));
  system.stopActor(refs[0]?.address ?? sender.address);
  await eventually('the sender knows', async () => (await sender.call('routees')).length === 3);
  await sender.call('note', 300);
  const counts = async (): Promise<number[]> =>
    (await Promise.all(refs.slice(1).map((ref) => ref.call('notes')))).map((notes) => notes.length);
  await eventually('the others share', async () => (await counts()).every((count) => count === 200));
});

t.test('messages of one publisher reach a subscriber on another thread in order, and none is lost', async (t) => {
  const system = await threadSystem(t, ['crowd']);
  const near = await system.spawn(member, { patterns: ['orders.>'] }, { executor: 1 });
  const far = await system.spawn(member, { patterns: ['orders.*.created'] }, { executor: 2 });
  const both = await system.spawn(member, { patterns: ['orders.eu.*', 'orders.>'] }, { executor: 2 });
  const publisher = await system.spawn(member, {}, { executor: 1 });
  for (let from = 0; from < 3_000; from += 500)
    publisher.cast('publish', { topic: 'orders.eu.created', from, to: from + 500 });
  const expected = Array.from({ length: 3_000 }, (_, n) => n);
  await eventually('all have come', async () => (await both.call('notes')).length === 6_000);
  t.same(await near.call('notes'), expected);
  t.same(await far.call('notes'), expected);
  t.ok(system.publish('orders.us.created', 'from outside'), 'code outside of actors publishes too');
  await eventually('it has come', async () => (await far.call('notes')).length === 3_001);
});

t.test('a subscriber whose thread died hears the topics that it subscribes to as it comes back', async (t) => {
  const system = await threadSystem(t, ['crowd']);
  const victim = await system.spawn(member, { patterns: ['news'] }, { executor: 1 });
  const publisher = await system.spawn(member, {}, { executor: 2 });
  await t.rejects(victim.call('die', undefined, { timeoutMs: 20_000 }), { code: 'EXECUTOR_DOWN' });
  await eventually('it hears again', async () => {
    publisher.cast('publish', { topic: 'news', from: 1, to: 2 });
    const notes = await victim.call('notes', undefined, { timeoutMs: 500 }).catch(() => []);
    return notes.length > 0;
  });
  t.ok(true);
});

t.test('a router by least mailbox spares a busy thread, of which it knows by reports', async (t) => {
  const system = await threadSystem(t, ['crowd']);
  const busy = await system.spawn(member, { groups: ['w'] }, { executor: 1 });
  const free = await system.spawn(member, { groups: ['w'] }, { executor: 2 });
  const sender = await system.spawn(dispatcher, { group: 'w', strategy: 'least-mailbox' }, { executor: 'system' });
  for (let n = 0; n < 500; n += 1) busy.cast('chew', 2);
  await eventually('the busy one has a backlog', async () => (await system.list()).some(({ mailbox }) => mailbox > 50));
  await sender.call('chew', { count: 100, forMs: 1 }, { timeoutMs: 30_000 });
  await eventually(
    'all is done',
    async () => {
      const notes = (
        await Promise.all([busy, free].map((ref) => ref.call('notes', undefined, { timeoutMs: 30_000 })))
      ).flat();
      return notes.length === 600;
    },
    60_000,
  );
  const byFree = (await free.call('notes')).length;
  t.ok(byFree > 60, `the free one got ${byFree} of 100`);
  t.notOk('mailbox-full' in (await deadLetters(system)));
});
