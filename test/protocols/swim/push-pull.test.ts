/** Anti-entropy: joining, what gossip missed, and groups that grow together again. */
import { pushPullIntervalMs } from '#protocols/swim/push-pull';
import { lan } from '#protocols/swim/settings';
import t from 'tap';
import { alive, dead, Group, suspect } from './group.js';

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);

/** Whether each node sees exactly these, alive. */
function agree(group: Group, expected: readonly string[]): boolean {
  return expected.every((observer) => {
    const { members, live } = group.node(`@${observer}`).state;
    return live === expected.length && expected.every((name) => members.get(name)?.status === 'alive');
  });
}

t.test('the interval grows above 32 members', (t) => {
  t.same(
    [1, 32, 33, 64, 65, 128, 129].map((n) => pushPullIntervalMs(30, n)),
    [30, 30, 60, 60, 90, 90, 120],
  );
  t.end();
});

t.test('push-pull merge: one that joins knows all, and all know it', (t) => {
  const group = new Group();
  group.together(...names(5));
  group.start('n6', { metadata: [{ key: 'zone', value: 'a' }] });
  group.step('@n6', { type: 'join', seeds: ['@n3'] });
  group.deliver();
  t.same(group.events('@n6').toSorted(), ['join n1 1', 'join n2 1', 'join n3 1', 'join n4 1', 'join n5 1']);
  t.same(group.events('@n3'), ['join n6 1']);
  group.run(2_000);
  t.ok(agree(group, names(6)));
  t.end();
});

t.test('push-pull merge: a death that another tells of is suspected, a leave is believed', (t) => {
  const group = new Group();
  group.start('n1');
  group.receive('@n1', alive('a', 3), alive('b', 3), alive('c', 3), alive('d', 3));
  const metadata = { life: 1, base: 0, version: 0, entries: [] };
  const member = (node: string, status: 'alive' | 'suspect' | 'dead' | 'left', incarnation: number) =>
    ({ node, address: `@${node}`, incarnation, status, metadata }) as const;
  group.receive('@n1', {
    type: 'push-pull',
    replyTo: '@x',
    reply: true,
    members: [member('a', 'dead', 3), member('b', 'left', 3), member('c', 'alive', 4), member('d', 'suspect', 2)],
  });
  t.same(
    ['a', 'b', 'c', 'd'].map((name) => group.view('@n1', name)),
    ['suspect 3', 'left 3', 'alive 4', 'alive 3'],
  );
  t.same([...(group.node('@n1').state.suspicions.get('a')?.from ?? [])], ['n1'], 'on its own account');
  t.end();
});

t.test('push-pull merge: the answer holds what was learnt from the question', (t) => {
  const group = new Group();
  const [n1, n2] = [group.start('n1'), group.start('n2')];
  // Each believes that the other is dead, as after a partition.
  group.receive('@n1', alive('n2', 1), dead('n2', 1, 'n9'));
  group.receive('@n2', alive('n1', 1), dead('n1', 1, 'n9'));
  group.forget();
  n1.nextReconnectMs = n1.nowMs;
  group.run(50, ['@n1']);
  t.equal(group.messages('push-pull').length, 2, 'one exchange');
  t.equal(group.view('@n1', 'n2'), 'alive 2');
  group.run(1_000);
  t.equal(group.view('@n2', 'n1'), 'alive 2');
  t.equal(n2.live, 2);
  t.end();
});

t.test('a node whose seeds are not there yet finds them when they come', (t) => {
  const group = new Group();
  group.start('n1');
  group.step('@n1', { type: 'join', seeds: ['@n1', '@n2'] });
  group.run(10_000);
  group.start('n2');
  group.run(lan.probeIntervalMs + 1_000);
  t.ok(agree(group, names(2)));
  t.end();
});

t.test('periodic sync: what gossip lost is there after a push-pull interval', (t) => {
  const group = new Group();
  group.together(...names(3));
  group.passes = ({ stream }) => stream;
  group.start('n4');
  group.step('@n4', { type: 'join', seeds: ['@n1'] });
  group.run(lan.pushPullIntervalMs * 2);
  t.ok(agree(group, names(4)), 'though no packet arrives at all');
  t.end();
});

for (const [name, ways] of [
  ['heal after 2-way partition: all see all again', 2],
  ['heal after 3-way partition: all see all again', 3],
] as const)
  t.test(name, (t) => {
    const group = new Group();
    const all = names(6);
    group.together(...all);
    const partOf = (address: string): number => Number(address.slice(2)) % ways;
    group.passes = ({ from, to }) => partOf(from) === partOf(to);
    const apart = (): boolean => all.every((name) => group.node(`@${name}`).state.live === 6 / ways);
    group.runUntil(apart, 120_000);
    group.run(2 * lan.gossipToTheDeadMs);
    t.ok(apart(), 'gossip to the dead is over as well');
    group.passes = () => true;
    t.ok(group.runUntil(() => agree(group, all), 10 * lan.reconnectIntervalMs) > 0);
    t.end();
  });

t.test('gossip to the recently dead: one that is alive hears of its death, and refutes', (t) => {
  const group = new Group({ reconnectIntervalMs: 1e9, pushPullIntervalMs: 1e9 });
  group.together(...names(4));
  group.receive('@n1', dead('n4', 1, 'n9'));
  group.run(2_000);
  t.equal(group.view('@n4', 'n4'), 'alive 2');
  for (const address of ['@n1', '@n2', '@n3']) t.equal(group.view(address, 'n4'), 'alive 2');
  t.end();
});

t.test('nobody knocks at those that left, and at the dead only until their tombstone is gone', (t) => {
  const group = new Group({ tombstoneMs: 60_000 });
  group.start('n1');
  group.receive(
    '@n1',
    alive('gone', 1),
    alive('left', 1),
    alive('here', 1),
    dead('gone', 1, 'n9'),
    dead('left', 1, 'left'),
  );
  group.passes = () => false;
  // Whoever is here has to live, or no round of probes ends.
  const keep = (): void => void group.receive('@n1', alive('here', group.nowMs + 2));
  for (let second = 0; second < 120; second += 1) {
    group.run(1_000);
    keep();
  }
  t.notOk(group.sent.some(({ to }) => to === '@left'));
  t.ok(group.sent.some(({ to }) => to === '@gone'));
  t.same([group.view('@n1', 'gone'), group.view('@n1', 'left')], ['-', '-']);
  group.forget();
  group.run(60_000);
  t.notOk(group.sent.some(({ to }) => to === '@gone'));
  t.end();
});

t.test('a suspicion that push-pull brings is refuted when its member lives', (t) => {
  const group = new Group();
  group.together(...names(4));
  group.receive('@n1', suspect('n3', 1, 'n2'));
  group.run(3_000);
  t.equal(group.view('@n1', 'n3'), 'alive 2');
  t.end();
});

t.test('seeds that all left and came back are found again by those who stayed', (t) => {
  const group = new Group();
  const seeds = ['@n1', '@n2'];
  for (const node of ['n1', 'n2', 'n3', 'n4']) {
    group.start(node);
    group.step(`@${node}`, { type: 'join', seeds });
  }
  group.run(5_000);
  for (const address of seeds) group.step(address, { type: 'leave' });
  group.run(5_000);
  for (const address of seeds) group.kill(address);
  for (const node of ['n1', 'n2']) {
    group.start(node);
    group.step(`@${node}`, { type: 'join', seeds });
  }
  group.runUntil(() => [...group.nodes.values()].every(({ state }) => state.live === 4), 10 * lan.reconnectIntervalMs);
  t.same(
    [...group.nodes.values()].map(({ state }) => state.live),
    [4, 4, 4, 4],
  );
  t.end();
});
