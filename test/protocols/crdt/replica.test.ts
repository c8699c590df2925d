/** Anti-entropy of replicas: Algorithm 2 sentence by sentence, and what goes beyond it. */
import { isVector } from '#protocols/crdt/context';
import type { NodeId, ReplicaId } from '#protocols/crdt/dot';
import { encodeState } from '#protocols/crdt/encoding';
import { openReplica } from '#protocols/crdt/open';
import type { CrdtMessage } from '#protocols/crdt/message';
import type { Operation } from '#protocols/crdt/operation';
import { decodeMessage } from '#protocols/crdt/packet';
import { defaultReplicaSettings, idsOf } from '#protocols/crdt/state';
import t from 'tap';
import { bytes } from './history.js';
import { Net } from './network.js';

const inc = (by = 1): Operation => ({ type: 'increment', by });
const add = (element: string): Operation => ({ type: 'add', element });
const remove = (element: string): Operation => ({ type: 'remove', element });
const count = (value: number) => ({ kind: 'g-counter', count: value }) as const;

/** Nodes that know each other, and have nothing to say. */
function acquainted(names: readonly string[], settings = {}): Net {
  const net = new Net(names, settings);
  net.run(12);
  return net;
}

/** The groups of all deltas messages that wait. */
function groups(net: Net): readonly Extract<CrdtMessage, { type: 'deltas' }>['groups'][number][] {
  return net.sent.flatMap(({ packet }) => {
    const message = decodeMessage(packet);
    return message.type === 'deltas' ? message.groups : [];
  });
}

t.test('an operation is durable before it is accepted, and accepted before it is sent', async (t) => {
  const net = acquainted(['a', 'b']);
  net.mutate('a', 'g-counter', 'x', inc());
  t.same(
    net.effects.map(({ type }) => type),
    ['persist', 'accept'],
  );
  net.input('b', { type: 'tick' });
  net.tick('a');
  const sent = net.sent.filter(({ from }) => from === 'a');
  for (const one of sent) net.hand(one);
  t.same(
    net.effects.map(({ type }) => type),
    ['persist', 'changed', 'send'],
    'what is acked is durable',
  );
  t.same(net.value('b', 'g-counter'), count(1));
});

t.test('deltas are sent until they are acked, and as one delta-interval', async (t) => {
  const net = acquainted(['a', 'b']);
  net.mutate('a', 'g-counter', 'x', inc());
  net.run(4);
  net.mutate('a', 'g-counter', 'x', inc(2));
  net.run(3, (message) => message.type !== 'deltas');
  net.mutate('a', 'g-counter', 'x', inc(3));
  net.tick('a');
  t.match(groups(net), [{ from: 1, to: 3 }], 'the interval from what b has acked');
  net.deliver();
  t.same(net.value('b', 'g-counter'), count(6));
  t.equal(net.at('a').buffered, 0);
  net.tick('a');
  t.same(groups(net), [], 'all is acked');
});

t.test('loss, duplication and reordering of deltas and acks change nothing in what replicas come to', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  const packets = [];
  for (let round = 0; round < 20; round += 1) {
    net.mutate('a', 'or-set', 'x', add(`${round % 5}`));
    net.mutate('b', 'or-set', 'x', remove(`${(round + 2) % 5}`));
    net.mutate('c', 'g-counter', 'x', inc());
    net.tick();
    packets.push(...net.sent);
    net.deliver((_, { from }) => (round + from.charCodeAt(0)) % 3 === 0);
  }
  for (const packet of packets.toReversed()) net.hand(packet);
  net.run(20);
  for (const packet of packets) net.hand(packet);
  net.run(20);
  for (const address of ['sx', 'gx']) {
    const all = ['a', 'b', 'c'].map((name) => net.at(name).documents.get(address));
    const packed = all.map((one) => Buffer.from(one ? encodeState(one.kind, one.state) : []).toString('hex'));
    t.ok(packed[0] !== '' && packed.every((one) => one === packed[0]), `the same bytes: ${address}`);
    t.ok(all.every((one) => one && isVector(one.state.context)));
  }
  t.same(net.value('a', 'g-counter'), count(20));
});

t.test(
  'the causal delta-merging condition: a delta-interval after a gap is not merged, and the gap is filled',
  async (t) => {
    const net = acquainted(['a', 'b']);
    net.mutate('a', 'or-set', 'x', add('p'));
    net.run(4);
    net.mutate('a', 'or-set', 'x', add('q'));
    // b forgets what it merged of a, as if a had counted an ack of another life.
    const document = net.at('b').documents.get('sx');
    if (document !== undefined) document.merged = new Map();
    net.tick('a');
    t.match(groups(net), [{ from: 1, to: 2 }]);
    const [packet] = net.sent.filter(({ from }) => from === 'a');
    if (packet !== undefined) net.hand(packet);
    t.equal(net.at('b').counts.gaps, 1);
    t.same(net.value('b', 'or-set'), { kind: 'or-set', elements: ['p'] }, 'nothing was merged');
    t.match(net.effects, [{ type: 'send', message: { acks: [{ seq: 0, gap: true }] } }]);
    net.run(6);
    t.same(net.value('b', 'or-set'), { kind: 'or-set', elements: ['p', 'q'] });
    t.equal(net.at('a').buffered, 0);
  },
);

t.test('deltas are kept until all neighbours have acked them, and forgotten then', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  for (let round = 0; round < 5; round += 1) net.mutate('a', 'g-counter', 'x', inc());
  net.run(8, (_, { to, from }) => to !== 'c' && from !== 'c');
  t.same(net.value('b', 'g-counter'), count(5));
  t.equal(net.at('a').buffered, 5, 'c has acked nothing');
  net.neighbours('a', ['a', 'b']);
  t.equal(net.at('a').buffered, 0, 'nobody waits for one that has left');
});

t.test('a buffer that is full forgets its oldest deltas, and who lacks them gets the whole state', async (t) => {
  const net = acquainted(['a', 'b'], { deltasPerDocument: 3, deltasInAll: 4 });
  net.mutate('a', 'g-counter', 'x', inc());
  net.run(4);
  const before = net.at('a').counts.wholeStates;
  for (let round = 0; round < 10; round += 1) net.mutate('a', 'g-counter', 'x', inc());
  t.equal(net.at('a').buffered, 3);
  for (const name of ['y', 'z']) for (const _ of [1, 2, 3]) net.mutate('a', 'g-counter', name, inc());
  t.equal(net.at('a').buffered, 4, 'over all documents');
  t.ok(net.at('a').counts.evicted >= 12);
  net.tick('a');
  t.match(
    groups(net).find(({ name }) => name === 'x'),
    { from: 0, to: 11 },
  );
  net.deliver();
  net.run(4);
  t.ok(net.at('a').counts.wholeStates > before);
  t.same(net.value('b', 'g-counter'), count(11));
});

t.test('a late joiner gets whole states, and a late rejoiner what it missed', async (t) => {
  const net = acquainted(['a', 'b']);
  for (const name of ['x', 'y']) for (const _ of [1, 2]) net.mutate('a', 'g-counter', name, inc());
  net.run(6);
  net.start('c');
  for (const name of ['a', 'b', 'c']) net.neighbours(name, ['a', 'b', 'c']);
  net.run(25);
  t.same(net.value('c', 'g-counter', 'y'), count(2));
  for (const name of ['a', 'b']) net.neighbours(name, ['a', 'b']);
  net.neighbours('c', []);
  net.mutate('c', 'g-counter', 'x', inc(10));
  net.mutate('a', 'g-counter', 'x', inc(100));
  net.run(25);
  t.same(net.value('a', 'g-counter'), count(102));
  t.equal(net.at('a').buffered + net.at('c').buffered, 0, 'nobody waits for the other side');
  for (const name of ['a', 'b', 'c']) net.neighbours(name, ['a', 'b', 'c']);
  net.run(25);
  for (const name of ['a', 'b', 'c']) t.same(net.value(name, 'g-counter'), count(112), name);
});

t.test('converged replicas are quiet: one digest each digestTicks, and nothing else', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  for (let at = 0; at < 30; at += 1) net.mutate('a', 'or-set', `${at}`, add('e'));
  net.run(30);
  const before = new Map(net.said);
  net.run(100);
  for (const [type, times] of net.said) t.equal(times - (before.get(type) ?? 0), type === 'digest' ? 3 * 10 : 0, type);
});

t.test('a restart with its store goes on under its id, and equal hashes stand in for lost acks', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  for (let at = 0; at < 20; at += 1) net.mutate('a', 'g-counter', `${at}`, inc());
  net.run(20);
  const { replica } = net.at('a');
  const deltas = net.count('deltas');
  net.restart('a');
  t.equal(net.at('a').replica, replica);
  net.run(25);
  t.equal(net.count('deltas'), deltas, 'no state was sent again');
  net.mutate('a', 'g-counter', '3', inc(6));
  net.run(10);
  t.same(net.value('c', 'g-counter', '3'), count(7));
});

t.test('a node that lost its store takes a new id: its counter counts on, and no dot is given twice', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  for (let round = 0; round < 3; round += 1) net.mutate('a', 'g-counter', 'x', inc());
  net.run(10);
  const { replica } = net.at('a');
  net.disks.delete('a');
  net.restart('a');
  t.not(net.at('a').replica, replica);
  net.mutate('a', 'g-counter', 'x', inc(10));
  net.run(30);
  for (const name of ['a', 'b', 'c']) t.same(net.value(name, 'g-counter'), count(13), name);
});

t.test('a damaged record is as good as a lost store, and what can still be read is kept', async (t) => {
  const net = acquainted(['a', 'b']);
  net.mutate('a', 'g-counter', 'x', inc());
  net.mutate('a', 'g-counter', 'y', inc());
  const { replica } = net.at('a');
  net.disks.get('a')?.documents.delete('gx');
  net.restart('a', true);
  t.not(net.at('a').replica, replica);
  t.same(net.value('a', 'g-counter', 'y'), count(1));
});

t.test('the API has no way to go on under an id whose state is not there, nor to take a used one', async (t) => {
  const found = { identity: { replica: 'a.7' as ReplicaId, retired: [] }, documents: [], damaged: true };
  const options = { settings: defaultReplicaSettings, node: 'a' as NodeId, seed: 1, found };
  t.equal(openReplica({ ...options, incarnation: 8 }).state.replica, 'a.8');
  for (const incarnation of [7, -1, 0.5])
    t.throws(() => openReplica({ ...options, incarnation }), { code: 'BAD_USAGE' }, `incarnation ${incarnation}`);
  const sound = openReplica({ ...options, incarnation: 7, found: { ...found, damaged: false } });
  t.equal(sound.state.replica, 'a.7', 'with a sound store the id is that of the store');
  t.same(sound.effects, []);
});

t.test(
  'a store that was rolled back to a backup: the replica meets own dots it does not know, and stops',
  async (t) => {
    const net = acquainted(['a', 'b']);
    net.mutate('a', 'g-counter', 'x', inc());
    net.run(4);
    const backup = net.backup('a');
    net.mutate('a', 'g-counter', 'x', inc());
    net.run(4);
    net.disks.set('a', backup);
    net.restart('a');
    let stopped = false;
    for (let tick = 0; tick < 30 && !stopped; tick += 1) {
      net.run(1);
      stopped = net.at('a').stopped === 'own-dots';
    }
    t.ok(stopped);
    net.mutate('a', 'g-counter', 'x', inc());
    t.match(net.effects, [{ type: 'refuse', reason: 'stopped' }]);
    net.restart('a', true);
    net.mutate('a', 'g-counter', 'x', inc(5));
    net.run(30);
    t.same(net.value('a', 'g-counter'), count(7));
    t.same(net.value('b', 'g-counter'), count(7));
  },
);

t.test('deltas for the life before of a node are not merged by the next', async (t) => {
  const net = acquainted(['a', 'b']);
  net.mutate('a', 'or-set', 'x', add('p'));
  net.run(4);
  net.mutate('a', 'or-set', 'x', add('q'));
  net.tick('a');
  const late = net.sent.splice(0).filter(({ packet }) => decodeMessage(packet).type === 'deltas');
  t.equal(late.length, 1);
  net.disks.delete('b');
  net.restart('b');
  for (const packet of late) net.hand(packet);
  t.equal(net.at('b').counts.misaddressed, 1);
  t.same(net.value('b', 'or-set'), { kind: 'or-set', elements: [] });
  net.run(25);
  t.same(net.value('b', 'or-set'), { kind: 'or-set', elements: ['p', 'q'] });
});

t.test('a message of a stranger, or under an id of another node, is counted and ignored', async (t) => {
  const net = acquainted(['a', 'b']);
  const acks = { type: 'acks', from: 'z.1', to: net.at('a').replica, acks: [] } as unknown as CrdtMessage;
  net.input('a', { type: 'receive', from: 'z' as NodeId, message: acks });
  net.input('a', { type: 'receive', from: 'b' as NodeId, message: acks });
  t.equal(net.at('a').counts.strangers, 2);
  const b = net.at('b').replica;
  const nonsense = { kind: 'flag', name: 'never', seq: 3, gap: false } as const;
  const message: CrdtMessage = { type: 'acks', from: b, to: net.at('a').replica, acks: [nonsense] };
  net.input('a', { type: 'receive', from: 'b' as NodeId, message });
  t.equal(net.at('a').counts.nonsense, 1);
});

t.test(
  'replicas that differ although each acked all of the other find out by their digests, and repair it',
  async (t) => {
    const net = acquainted(['a', 'b']);
    net.mutate('a', 'or-set', 'x', add('p'));
    net.run(6);
    // The memory of b rots: what it merged and acked is not there.
    const document = net.at('b').documents.get('sx');
    if (document !== undefined) document.state = { store: undefined, context: new Map() };
    net.at('b').digest.stale.add('sx');
    net.run(40);
    t.ok(net.at('a').counts.repaired + net.at('b').counts.repaired > 0);
    t.same(net.value('b', 'or-set'), { kind: 'or-set', elements: ['p'] });
  },
);

t.test('a clock that jumped hours ahead does not drag the others along, and is counted', async (t) => {
  const net = acquainted(['a', 'b'], { maxAheadMs: 1_000 });
  net.wallMs += 3 * 3_600_000;
  net.mutate('a', 'lww-register', 'x', { type: 'assign', value: bytes('far') });
  net.wallMs -= 3 * 3_600_000;
  net.run(6);
  t.same(net.value('b', 'lww-register'), { kind: 'lww-register', value: bytes('far') }, 'it is merged');
  t.equal(net.at('b').counts.ahead, 1);
  t.ok(net.at('b').clock.wallMs <= net.wallMs);
  net.mutate('b', 'lww-register', 'x', { type: 'assign', value: bytes('near') });
  net.run(6);
  t.same(net.value('a', 'lww-register'), { kind: 'lww-register', value: bytes('near') }, 'and can be written over');
});

t.test('a clock that was set back goes on above its last stamp, after a restart too', async (t) => {
  const net = acquainted(['a', 'b']);
  net.wallMs += 3_600_000;
  net.mutate('a', 'lww-register', 'x', { type: 'assign', value: bytes('1') });
  const { wallMs, count: before } = net.at('a').clock;
  net.wallMs -= 3_600_000;
  net.restart('a');
  net.mutate('a', 'lww-register', 'y', { type: 'assign', value: bytes('2') });
  t.same(net.at('a').clock, { wallMs, count: before + 1 });
});

t.test('pruning: what a departed replica left is adopted, and its id leaves all contexts', async (t) => {
  const net = acquainted(['a', 'b', 'c']);
  const gone = net.at('c').replica;
  net.mutate('c', 'g-counter', 'x', inc(7));
  net.mutate('c', 'or-set', 'x', add('e'));
  net.mutate('a', 'g-counter', 'x', inc(1));
  net.run(12);
  const before = net.backup('c');
  net.input('a', { type: 'adopt', id: 1, departed: gone });
  t.match(net.effects, [{ type: 'refuse', reason: 'not-departed' }], 'it is there');
  net.replicas.delete('c');
  for (const name of ['a', 'b']) net.neighbours(name, ['a', 'b']);
  net.input('a', { type: 'retire', id: 2, departed: gone });
  t.match(net.effects, [{ type: 'refuse', reason: 'not-converged' }], 'it is in the stores');
  net.input('a', { type: 'adopt', id: 3, departed: gone });
  net.input('a', { type: 'retire', id: 4, departed: gone });
  t.match(net.effects, [{ type: 'refuse', reason: 'not-converged' }], 'b lacks the adoption');
  net.run(25);
  net.input('a', { type: 'retire', id: 5, departed: gone });
  t.match(net.effects.at(-1), { type: 'accept', id: 5 });
  net.run(25);
  for (const name of ['a', 'b']) {
    t.notOk(idsOf(net.at(name)).has(gone), `${name} has forgotten ${gone}`);
    t.same(net.value(name, 'g-counter'), count(8));
    t.same(net.value(name, 'or-set'), { kind: 'or-set', elements: ['e'] });
  }
  // The one that was taken for dead comes back with its old state, and an update that nobody saw.
  net.disks.set('c', before);
  net.start('c');
  net.mutate('c', 'g-counter', 'x', inc(1_000));
  for (const name of ['a', 'b', 'c']) net.neighbours(name, ['a', 'b', 'c']);
  net.run(10);
  t.equal(net.at('c').stopped, 'retired');
  net.restart('c', true);
  t.not(net.at('c').replica, gone);
  net.run(30);
  for (const name of ['a', 'b', 'c']) {
    t.same(net.value(name, 'g-counter'), count(8), `${name} counts nothing twice`);
    t.notOk(idsOf(net.at(name)).has(gone));
  }
});

t.test('documents are made as they are touched, up to a bound', async (t) => {
  const net = acquainted(['a', 'b'], { maxDocuments: 2 });
  net.mutate('a', 'flag', 'x', { type: 'disable' });
  t.equal(net.at('a').documents.size, 0, 'there was nothing to be done');
  for (const name of ['x', 'y', 'z']) net.mutate('a', 'flag', name, { type: 'enable' });
  t.match(net.effects, [{ type: 'refuse', reason: 'too-many-documents' }]);
  net.mutate('b', 'flag', 'own', { type: 'enable' });
  net.run(6);
  t.equal(net.at('b').documents.size, 2);
  t.ok(net.at('b').counts.full > 0);
});

t.test('the state of a replica is a fold over its inputs', async (t) => {
  const run = (): unknown => {
    const net = new Net(['a', 'b', 'c'], { fanout: 1 });
    for (let round = 0; round < 12; round += 1) {
      net.mutate(['a', 'b', 'c'][round % 3] ?? 'a', 'or-set', 'x', add(`${round}`));
      net.run(1);
    }
    return [...net.said, net.at('a').chance, net.value('a', 'or-set')];
  };
  t.same(run(), run());
});
