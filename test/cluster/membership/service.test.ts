/** Nodes that find each other: over the in-memory twin with a clock that stands still, and over a real nats-server. */
import t, { type Test } from 'tap';
import type { MembershipChange } from '#cluster/membership/port';
import { Membership, type MembershipOptions } from '#cluster/membership/service';
import type { SkepError } from '#protocols/wire/error';
import { systemClock } from '#runtime/clock/clock';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { connectTransport } from '#cluster/transport/connect';
import { MemoryBus } from '#cluster/transport/memory';
import { startNatsServer } from '#cluster/transport/nats-server';
import type { Transport } from '#cluster/transport/port';
import { withNats } from '#test/support/nats';
import { eventually } from '../transport/eventually.js';
import { memberOf } from './member.js';

/** A cluster in memory whose time passes only when told. */
class Hive {
  readonly clock = new VirtualClock();
  readonly bus = new MemoryBus(this.clock);

  transport(node: string): Transport {
    return this.bus.connect({ cluster: 'x', node, executor: 0 });
  }

  /** Joins a node; time passes meanwhile. */
  async join(name: string, incarnation = 'k100', more: Partial<MembershipOptions> = {}): Promise<Membership> {
    const joining = Membership.join({
      transport: this.transport(name),
      clock: this.clock,
      self: memberOf(name, incarnation),
      onNameConflict: () => {},
      ...more,
    });
    let settled = false;
    joining.then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let i = 0; i < 100 && !settled; i += 1) await this.pass(50);
    return joining;
  }

  /** Lets time pass, in steps in which everything that was sent arrives. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      for (let i = 0; i < 3; i += 1) await new Promise((resolve) => void setImmediate(resolve));
    }
  }
}

function names(membership: Membership): readonly string[] {
  return membership.members().map((member) => `${member.name}@${member.incarnation}`);
}

/** Changes in words, from now on. */
function changesOf(membership: Membership): string[] {
  const changes: string[] = [];
  const tell = (change: MembershipChange): string =>
    `${change.type} ${change.member.name}@${change.member.incarnation}${change.type === 'down' ? ` ${change.reason}` : ''}`;
  membership.onChange((change) => changes.push(tell(change)));
  return changes;
}

t.test('a node that has joined sees all members, and they see it', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  const b = await hive.join('b');
  const c = await hive.join('c');
  t.same(names(c), ['a@k100', 'b@k100', 'c@k100'], 'without waiting for their next heartbeats');
  await hive.pass(50);
  t.same([names(a), names(b)], [names(c), names(c)]);
});

t.test(
  'a member that leaves is gone at once, as one that left; one that dies is gone after the time-out',
  async (t) => {
    const hive = new Hive();
    const a = await hive.join('a');
    const b = await hive.join('b');
    await hive.join('c');
    await hive.pass(50);
    const changes = changesOf(a);
    const leaving = b.leave();
    await hive.pass(50);
    await leaving;
    t.same(changes, ['down b@k100 left']);
    hive.bus.partition('a', 'c');
    await hive.pass(1_500);
    t.same(changes, ['down b@k100 left']);
    await hive.pass(1_000);
    t.same(changes, ['down b@k100 left', 'down c@k100 timeout']);
    t.same(names(a), ['a@k100']);
  },
);

t.test('a second node of a living name is refused when it joins, and nobody ever sees it', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  await hive.join('b');
  const changes = changesOf(a);
  await t.rejects(hive.join('b', 'k200'), {
    code: 'NODE_NAME_TAKEN',
    message: /a living node named b started earlier \(process 1 on host\)/,
  });
  await hive.pass(3_000);
  t.same(changes, []);
  t.same(names(a), ['a@k100', 'b@k100']);
});

t.test('two members of one name that meet after a partition: the later is told to go, the earlier stays', async (t) => {
  const hive = new Hive();
  const told: string[] = [];
  const onNameConflict = (who: string) => (error: SkepError) => void told.push(`${who} ${error.code}`);
  hive.bus.drop((message) => message.from === 'b' || message.to === 'b');
  await hive.join('b', 'k100', { onNameConflict: onNameConflict('earlier'), transport: hive.transport('b') });
  await hive.join('b', 'k200', { onNameConflict: onNameConflict('later'), transport: hive.transport('b-2') });
  hive.bus.heal();
  await hive.pass(800);
  t.ok(told.length > 0);
  t.ok(
    told.every((each) => each === 'later NODE_NAME_TAKEN'),
    told.join(),
  );
});

t.test('a node that restarts under its name replaces its earlier life', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  const first = hive.transport('b');
  await hive.join('b', 'k100', { transport: first });
  await hive.pass(50);
  const changes = changesOf(a);
  await first.close();
  await hive.join('b', 'k200');
  await hive.pass(50);
  t.same(changes, ['down b@k100 replaced', 'up b@k200']);
});

t.test('a node that is cut off suspects nobody, however long, and is a member again when it is back', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  const b = await hive.join('b');
  await hive.pass(50);
  const [atA, atB] = [changesOf(a), changesOf(b)];
  hive.bus.cut('b');
  await hive.pass(30_000);
  t.same(atB, []);
  t.same(atA, ['down b@k100 timeout']);
  hive.bus.restore('b');
  await hive.pass(100);
  t.same(atA, ['down b@k100 timeout', 'up b@k100']);
  await hive.pass(5_000);
  t.same(atB, [], 'a answered in time');
});

t.test('heartbeats carry the load of their node', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  let load = 0.25;
  const b = await hive.join('b', 'k100', { load: () => load });
  await hive.pass(50);
  t.equal(a.members()[1]?.load, 0.25);
  load = 0.75;
  await hive.pass(400);
  t.equal(a.members()[1]?.load, 0.75);
  t.equal(b.self.load, 0.75);
});

t.test('heartbeats that cannot be read are counted and harm nothing', async (t) => {
  const hive = new Hive();
  const a = await hive.join('a');
  const stranger = hive.transport('stranger');
  for (const text of ['', '{', '{"phase":"alive"}', 'ÿ']) stranger.broadcast('members', new TextEncoder().encode(text));
  await hive.pass(50);
  t.equal(a.malformed, 4);
  t.same(names(a), ['a@k100']);
});

t.test('a listener that throws keeps neither the other listeners nor the membership from going on', async (t) => {
  const hive = new Hive();
  const errors: string[] = [];
  const a = await hive.join('a', 'k100', { onError: (error) => errors.push(error.message) });
  a.onChange(() => {
    throw new Error('a defect of the listener');
  });
  const changes = changesOf(a);
  await hive.join('b');
  await hive.pass(50);
  t.same(changes, ['up b@k100']);
  t.same(errors, ['a defect of the listener']);
});

t.test('over NATS: nodes find each other, and a killed and restarted server makes nobody a suspect', async (t) => {
  const first = await startNatsServer();
  t.teardown(() => first.stop());
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => joinOverNats(t, first.url, name)));
  const [a, b, c] = nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  await eventually('all see all', () => nodes.every((node) => node.membership.members().length === 3));
  const changes = nodes.map((node) => changesOf(node.membership));
  process.kill(first.pid, 'SIGKILL');
  await eventually('all notice', () => nodes.every((node) => node.transport.status() === 'disconnected'));
  await withNats(t, { port: first.port });
  await eventually('all are back', () => nodes.every((node) => node.transport.status() === 'connected'));
  const leaving = c.membership.leave();
  await eventually('the one that leaves is seen to leave', () => changes.slice(0, 2).every((each) => each.length > 0));
  await leaving;
  t.same(changes, [['down c@k100 left'], ['down c@k100 left'], []]);
  await b.transport.close();
  await eventually('the one that dies is seen to die', () => changes[0]?.length === 2);
  t.same(changes[0], ['down c@k100 left', 'down b@k100 timeout']);
});

t.test('over NATS: a second node of a living name is refused', async (t) => {
  const server = await withNats(t);
  await joinOverNats(t, server.url, 'a');
  await t.rejects(joinOverNats(t, server.url, 'a', 'k200'), { code: 'NODE_NAME_TAKEN' });
});

async function joinOverNats(t: Test, url: string, name: string, incarnation = 'k100') {
  const transport = await connectTransport({ cluster: 'x', node: name, executor: 0 }, { nats: { urls: [url] } });
  t.teardown(() => transport.close());
  const membership = await Membership.join({
    transport,
    clock: systemClock,
    self: memberOf(name, incarnation),
    onNameConflict: (error) => {
      throw error;
    },
  });
  t.teardown(() => membership.leave());
  return { transport, membership };
}
