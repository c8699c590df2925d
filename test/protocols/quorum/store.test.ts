/** A cluster of quorum nodes step by step: what is promised, and the order in which it comes about. */
import { commitRing, joinRing, leaveRing } from '#protocols/quorum/membership';
import { pairRoot } from '#protocols/quorum/merkle';
import type { QuorumEffect } from '#protocols/quorum/state';
import t from 'tap';
import { Cluster } from './cluster.js';

const ABC = ['a', 'b', 'c'];
const kinds = (effects: readonly QuorumEffect[]): readonly string[] =>
  effects
    .filter(({ type }) => type !== 'count')
    .map((effect) => (effect.type === 'send' ? effect.message.type : effect.type));

t.test('a write is on the disk before it is sent, acknowledged or answered', (t) => {
  const cluster = new Cluster(ABC);
  cluster.put('a', 'w', 'k', 'x');
  t.same(kinds(cluster.effects), ['persist', 'store', 'store']);
  const [sent] = cluster.queue;
  cluster.deliverOne();
  t.same(kinds(cluster.effects), ['persist', 'stored'], 'at a replica');
  cluster.feed(sent?.to ?? '', { type: 'receive', from: 'a', message: sent?.message as never });
  t.same(kinds(cluster.effects), ['stored'], 'it has that already');
  const alone = new Cluster(['a'], { n: 1, r: 1, w: 1 });
  alone.put('a', 'w', 'k', 'x');
  t.same(kinds(alone.effects), ['persist', 'reply']);
  t.end();
});

t.test('acknowledgements count once a replica, however often they come', (t) => {
  const cluster = new Cluster(['a', 'b', 'c', 'd', 'e'], { n: 5, r: 3, w: 3 });
  cluster.put('a', 'w', 'k', 'x');
  const store = cluster.queue.find(({ to }) => to === 'b');
  cluster.queue = [];
  for (let time = 0; time < 3; time += 1)
    cluster.feed('b', { type: 'receive', from: 'a', message: store?.message as never });
  cluster.deliver();
  t.equal(cluster.answer('w'), 'nothing', 'two of three');
  cluster.tick(20);
  t.not(cluster.answer('w'), 'nothing');
  t.end();
});

t.test('R answers make a read, and not R - 1; a failed read says how many there were', (t) => {
  const cluster = new Cluster(ABC, { r: 3, w: 1 });
  cluster.put('a', 'w', 'k', 'x');
  t.same(cluster.answer('w'), ['x'], 'W = 1 is the coordinator alone');
  cluster.deliver();
  cluster.stop('c');
  cluster.get('a', 'r', 'k');
  cluster.tick(20);
  t.same(cluster.results.get('r'), { type: 'unavailable', answered: 2, needed: 3 });
  t.end();
});

t.test('a node that is no replica of a key says who is', (t) => {
  const cluster = new Cluster(['a', 'b', 'c', 'd', 'e']);
  const outsider = [...cluster.nodes.keys()].find((id) => {
    cluster.get(id, id, 'k');
    return cluster.answer(id) === 'redirect';
  });
  const result = cluster.results.get(outsider ?? '');
  t.match(result, { type: 'redirect', to: { length: 3 } });
  const to = result?.type === 'redirect' ? result.to : [];
  t.notOk(to.includes(outsider ?? ''));
  cluster.put(to[2] ?? '', 'w', 'k', 'x');
  cluster.deliver();
  t.same(cluster.answer('w'), ['x']);
  t.end();
});

t.test('an answer to an earlier life of a coordinator is none to this one', (t) => {
  const cluster = new Cluster(ABC);
  cluster.put('a', 'first', 'k', 'x');
  while (cluster.queue[0]?.message.type === 'store') cluster.deliverOne();
  cluster.stop('a');
  cluster.start('a');
  const late = cluster.queue.splice(0);
  cluster.put('a', 'second', 'l', 'y');
  cluster.queue = late;
  cluster.deliver();
  t.equal(cluster.answer('second'), 'nothing');
  t.end();
});

t.test('a context that covers writes of this node which it never made is refused', (t) => {
  const cluster = new Cluster(ABC);
  cluster.put('a', 'w', 'k', 'x', [[cluster.nodes.get('a')?.actor ?? '', 2 ** 50]]);
  t.equal(cluster.answer('w'), 'bad-context');
  t.end();
});

t.test('more operations than are allowed are refused, and hold nobody up', (t) => {
  const cluster = new Cluster(ABC, { maxOperations: 2 });
  for (const id of ['1', '2', '3']) cluster.get('a', id, id);
  t.equal(cluster.answer('3'), 'overloaded');
  cluster.deliver();
  t.same([cluster.answer('1'), cluster.answer('2')], [[], []]);
  cluster.get('a', '4', 'k');
  cluster.deliver();
  t.same(cluster.answer('4'), []);
  t.end();
});

t.test('numbers of writes are never used twice, after a restart either', (t) => {
  const cluster = new Cluster(ABC, { n: 3 });
  const seen = new Set<string>();
  for (let life = 0; life < 4; life += 1) {
    for (let write = 0; write < 300; write += 1) {
      cluster.put('a', `${life}.${write}`, `k${write}`, 'x');
      seen.add(`${cluster.nodes.get('a')?.counter}`);
    }
    cluster.queue = [];
    cluster.stop('a');
    cluster.start('a');
  }
  t.equal(seen.size, 1_200);
  t.end();
});

t.test('Merkle repair sends only what differs', (t) => {
  const cluster = new Cluster(ABC, { maxHints: 0, syncTicks: 5 });
  for (let key = 0; key < 200; key += 1) cluster.put('a', `w${key}`, `key ${key}`, 'x');
  cluster.deliver();
  cluster.tick(25);
  cluster.stop('c');
  cluster.put('b', 'late', 'key 17', 'y');
  cluster.deliver();
  cluster.tick(25);
  cluster.start('c');
  let records = 0;
  for (let tick = 0; tick < 200; tick += 1) {
    for (const id of ABC) cluster.feed(id, { type: 'tick' });
    while (cluster.queue.length > 0) {
      const message = cluster.queue[0]?.message;
      if (message?.type === 'sync-pull' || message?.type === 'sync-push') records += message.records.length;
      cluster.deliverOne();
    }
  }
  t.same(cluster.held('c', 'key 17'), ['x', 'y']);
  t.ok(records >= 1 && records <= 2, `${records} records for one key of 200`);
  const root = (id: string, peer: string): number => pairRoot(cluster.nodes.get(id)?.trees ?? new Map(), peer);
  t.equal(root('a', 'c'), root('c', 'a'));
  t.equal(root('b', 'c'), root('c', 'b'));
  t.not(root('a', 'c'), 0);
  t.end();
});

t.test('messages of another epoch are not obeyed: a node that is behind is given the ring, and goes on', (t) => {
  const cluster = new Cluster(ABC);
  const ring = joinRing(cluster.ring, 'd', 8);
  cluster.feed('b', { type: 'ring', ring });
  cluster.put('a', 'w', 'k', 'x');
  cluster.deliver();
  t.equal(cluster.nodes.get('a')?.ring?.epoch, ring.epoch, 'a has heard of it from b');
  t.equal(cluster.nodes.get('c')?.ring?.epoch, ring.epoch, 'and c from a');
  cluster.tick(8);
  t.same(cluster.answer('w'), ['x']);
  t.end();
});

t.test('while a node joins a write needs W of the old list and W of the new', (t) => {
  const cluster = new Cluster(ABC, { r: 1, w: 3 });
  const ring = joinRing(cluster.ring, 'd', 8);
  const arc = (key: string): readonly string[] =>
    cluster.nodes.get('a')?.table?.arcs.length === 0
      ? []
      : [...(cluster.nodes.get('a')?.entries.get(key)?.arc?.next ?? [])];
  cluster.tell(ring);
  const key = Array.from({ length: 50 }, (_, index) => `k${index}`).find((name) => {
    cluster.put('a', name, name, 'x');
    return arc(name).includes('d');
  });
  cluster.deliver();
  t.equal(cluster.answer(key ?? ''), 'nothing', 'd is not there: the old list alone does not do');
  cluster.ring = ring;
  cluster.start('d');
  cluster.tick(8);
  t.same(cluster.answer(key ?? ''), ['x']);
  t.end();
});

t.test('a range moves: who gains has it before it answers, and who loses it gives it up', (t) => {
  const cluster = new Cluster(ABC);
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  for (const key of keys) cluster.put('a', key, key, key);
  cluster.deliver();
  const ring = joinRing(cluster.ring, 'd', 8);
  cluster.ring = ring;
  cluster.start('d');
  cluster.tell(ring);
  cluster.tick(40);
  t.same(cluster.synced, ['d 2']);
  cluster.tell(commitRing(ring));
  const held = new Map(
    keys.map((key) => [key, ['a', 'b', 'c', 'd'].filter((id) => cluster.held(id, key) !== undefined)]),
  );
  t.ok(
    [...held.values()].every((ids) => ids.length === 3),
    'each key at three',
  );
  t.ok([...held.values()].some((ids) => ids.includes('d')));
  const moved = keys.find((key) => held.get(key)?.includes('d') === true) ?? '';
  cluster.get('d', 'r', moved);
  cluster.deliver();
  t.same(cluster.answer('r'), [moved]);
  t.end();
});

t.test('nodes that have not heard of a commit make no quorum of the old list', (t) => {
  const cluster = new Cluster(ABC);
  const ring = leaveRing(joinRing(cluster.ring, 'd', 8), 'a');
  cluster.tell(ring);
  cluster.start('d');
  cluster.tick(60);
  t.ok(cluster.synced.includes(`d ${ring.epoch}`));
  for (const id of ['b', 'd']) cluster.feed(id, { type: 'ring', ring: commitRing(ring) });
  for (const old of ['a', 'c']) for (const other of ['b', 'd']) cluster.cut(old, other);
  cluster.put('b', 'w', 'k', 'new');
  cluster.deliver();
  t.same(cluster.answer('w'), ['new'], 'two of the new list have it');
  for (const old of ['a', 'c']) cluster.get(old, `r ${old}`, 'k');
  cluster.tick(20);
  t.same([cluster.answer('r a'), cluster.answer('r c')], ['unavailable', 'unavailable']);
  t.end();
});

t.test('a node that was away while a range left it and was collected elsewhere brings nothing back', (t) => {
  const cluster = new Cluster(['a', 'b', 'c', 'd'], { graceTicks: 30 });
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  for (const key of keys) for (const id of cluster.nodes.keys()) cluster.put(id, `${id} ${key}`, key, 'x');
  cluster.deliver();
  cluster.tick(60);
  cluster.stop('d');
  const without = leaveRing(cluster.ring, 'd');
  cluster.tell(without);
  cluster.tick(60);
  cluster.tell(commitRing(without));
  for (const key of keys) cluster.get('a', `r ${key}`, key);
  cluster.deliver();
  for (const key of keys) cluster.put('a', `d ${key}`, key, undefined, cluster.contextOf(`r ${key}`));
  cluster.deliver();
  cluster.tick(400);
  t.ok(
    ABC.every((id) => keys.every((key) => cluster.held(id, key) === undefined)),
    'collected',
  );
  cluster.tell(joinRing(cluster.ring, 'd', 8));
  cluster.start('d');
  cluster.tick(100);
  t.ok([...cluster.disks.keys()].every((id) => keys.every((key) => cluster.held(id, key) === undefined)));
  t.end();
});

t.test(
  'a new replica that has lost its disk has another actor: its writes take nothing of the old ones with them',
  (t) => {
    const cluster = new Cluster(ABC);
    cluster.put('a', 'old', 'k', 'old');
    cluster.deliver();
    cluster.wipe('a');
    cluster.start('a');
    cluster.put('a', 'new', 'k', 'new');
    cluster.deliver();
    cluster.tick(40);
    cluster.get('b', 'r', 'k');
    cluster.deliver();
    t.same(cluster.answer('r'), ['new', 'old']);
    t.end();
  },
);
