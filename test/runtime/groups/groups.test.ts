/** Process groups on one executor, and over two nodes that are joined in memory. */
import { type ActorAddress, type ActorSystem, defineActor } from '#runtime';
import { member } from '#test/testdata/actors/crowd';
import t from 'tap';
import { pairOfNodes } from '../pair.js';
import { deadLetters, inlineSystem, settle } from '../support.js';

const spawnMember = (system: ActorSystem, groups: readonly string[] = []) => system.spawn(member, { groups });

t.test('a member that joined twice is listed twice, and leaves twice', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await spawnMember(system, ['workers', 'workers']);
  const other = await spawnMember(system, ['workers']);
  t.same(await system.groups.getMembers('workers'), [ref.address, ref.address, other.address]);
  t.same(await system.groups.whichGroups(), ['workers']);
  t.equal(await ref.call('leave', 'workers'), true);
  t.same(await system.groups.getMembers('workers'), [ref.address, other.address]);
  t.equal(await ref.call('leave', 'workers'), true);
  t.equal(await ref.call('leave', 'workers'), false, 'it is not in any more');
  t.same(await system.groups.getMembers('workers'), [other.address]);
});

t.test('groups of one name in two scopes have nothing to do with each other', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await spawnMember(system);
  await system.groups.join('blue', ref.address, { scope: 'one' });
  t.same(await system.groups.getMembers('blue'), []);
  t.same(await system.groups.getMembers('blue', { scope: 'one' }), [ref.address]);
  t.same(await system.groups.whichGroups({ scope: 'one' }), ['blue']);
  t.same(await system.groups.whichGroups(), []);
});

t.test('a member that stops leaves all its groups by itself', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await spawnMember(system, ['a', 'b']);
  system.stopActor(ref.address);
  await settle();
  t.same(await system.groups.whichGroups(), []);
});

t.test('a member that restarts is in the groups that its new life joined, as often as it joined', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [member] });
  const ref = await spawnMember(system, ['a', 'a']);
  await ref.call('join', 'once');
  const stranger = await spawnMember(system);
  await system.groups.join('given', ref.address);
  stranger.cast('note', 1);
  ref.cast('crash');
  await settle();
  clock.advance(100);
  await settle();
  t.same(await system.groups.getMembers('a'), [ref.address, ref.address]);
  t.same(await system.groups.getMembers('once'), [], 'its life before had asked for it');
  t.same(await system.groups.getMembers('given'), [ref.address], 'somebody else had put it there');
});

t.test('a monitor of a group gives the members of now and then each change once', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const watcher = await spawnMember(system);
  const first = await spawnMember(system, ['w']);
  t.same(await watcher.call('monitor', 'w'), [first.address]);
  const second = await spawnMember(system, ['w']);
  system.stopActor(first.address);
  await settle();
  const event = (event: string, address: ActorAddress) => ({
    type: 'group',
    scope: 'pg',
    group: 'w',
    event,
    members: [address],
  });
  t.same(await watcher.call('infos'), [event('join', second.address), event('leave', first.address)]);
  t.same(await watcher.call('monitor', 'w'), [second.address], 'asked again it gives a new snapshot');
  system.stopActor(second.address);
  await settle();
  t.equal((await watcher.call('infos')).length, 3, 'and tells once');
});

t.test('a monitor of a group ends with the life that asked for it', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [member] });
  const watcher = await spawnMember(system);
  await watcher.call('monitor', 'w');
  watcher.cast('crash');
  await settle();
  clock.advance(100);
  await settle();
  await spawnMember(system, ['w']);
  t.same(await watcher.call('infos'), []);
});

t.test('an actor without an info handler is told that it cannot monitor a group', async (t) => {
  const deaf = defineActor({
    name: 'deaf',
    init: () => null,
    calls: { monitor: (_state, _message: undefined, ctx) => ctx.groups.monitor('w') },
  });
  const { system } = await inlineSystem(t, { definitions: [deaf] });
  const ref = await system.spawn(deaf, undefined);
  await t.rejects(ref.call('monitor'), { code: 'BAD_USAGE', message: /no info handler/ });
});

t.test('whatever the registry of groups is sent, it lives on with what it knows', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [member] });
  const ref = await spawnMember(system, ['w']);
  const registry = 'a@i1/0/3' as ActorAddress;
  const junk = [undefined, null, 7, 'text', {}, { scope: '', group: 'w' }, { scope: 'pg', group: 'w', members: 'x' }];
  for (const name of ['join', 'leave', 'members', 'which', 'watch'] as const) {
    for (const message of junk) await system.call(registry, name, message).catch(() => {});
  }
  for (const name of ['leaveWhole', 'unwatch', 'executorDown']) {
    for (const message of junk) system.cast(registry, name, message);
  }
  for (const name of ['groups.changed', 'groups.snapshot', 'topics.interest', 'topics.publish']) {
    for (const message of junk) system.cast('a@i1/0/0' as ActorAddress, name, message);
  }
  await settle();
  t.same(await system.groups.getMembers('w'), [ref.address]);
  t.match(await deadLetters(system), { 'no-such-handler': 28 }, 'what came to the executor was counted');
  await t.rejects(system.groups.join('', ref.address), { code: 'BAD_NAME', message: /group is "": expected 1 to 256/ });
});

t.test('a member on a node that goes down leaves its groups', async (t) => {
  const { a } = await pairOfNodes(t, [member]);
  const far = await a.start({ definition: 'member', args: {}, restart: 'temporary', placement: 'same' }, 'b');
  const near = await a.start({ definition: 'member', args: {}, restart: 'temporary', placement: 'same' }, undefined);
  const { registry } = a.services.groups;
  await a.call(registry, 'join', { scope: 'pg', group: 'w', members: [far, near] }, {});
  t.same(await a.call(registry, 'members', { scope: 'pg', group: 'w' }, {}), [far, near]);
  await settle();
  a.nodeDown('b', 'b1');
  await settle();
  t.same(await a.call(registry, 'members', { scope: 'pg', group: 'w' }, {}), [near]);
});
