/** The in-memory twin keeps the contract, and its fault switches do what they say. */
import t from 'tap';
import { MemoryBus } from '#cluster/transport/memory';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { bytesOf, inboxOf } from './adapter.js';
import { transportContract } from './contract.js';
import { eventually } from './eventually.js';

t.test('the contract of the transport, in memory', async (t) => {
  const bus = new MemoryBus();
  transportContract(t, {
    connect: async (cluster, node, executor) => bus.connect({ cluster, node, executor }),
    connectServices: async () => bus.connectServices(),
  });
});

t.test('a partition loses frames between its two nodes only, both ways, until it heals', async (t) => {
  const bus = new MemoryBus();
  const [a, b, c] = ['a', 'b', 'c'].map((node) => bus.connect({ cluster: 'x', node, executor: 0 }));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three transports');
  const [atA, atB, atC] = await Promise.all([inboxOf(a), inboxOf(b), inboxOf(c)]);
  bus.partition('a', 'b');
  a.send('b', 0, 'data', bytesOf('lost'));
  b.send('a', 0, 'control', bytesOf('lost'));
  a.send('c', 0, 'data', bytesOf('arrives'));
  await a.flush();
  bus.heal();
  a.send('b', 0, 'data', bytesOf('after'));
  await a.flush();
  t.same(
    [atA, atB, atC].map((inbox) => inbox.frames.map((frame) => frame.text)),
    [[], ['after'], ['arrives']],
  );
});

t.test('a node that is cut knows it, sends nothing, and may go on after its connection is restored', async (t) => {
  const bus = new MemoryBus();
  const a = bus.connect({ cluster: 'x', node: 'a', executor: 0 });
  const b = bus.connect({ cluster: 'x', node: 'b', executor: 0 });
  const inbox = await inboxOf(b);
  const seen: string[] = [];
  a.onStatus((status) => seen.push(status));
  a.onDrain(() => seen.push('drain'));
  bus.cut('a');
  t.notOk(a.send('b', 0, 'data', bytesOf('lost')));
  t.equal(a.stats().dropped.disconnected, 1);
  bus.restore('a');
  t.same(seen, ['disconnected', 'connected', 'drain']);
  t.ok(a.send('b', 0, 'data', bytesOf('after')));
  await a.flush();
  t.same(
    inbox.frames.map((frame) => frame.text),
    ['after'],
  );
  t.equal(a.stats().reconnects, 2, 'both of its connections');
});

t.test('a request in flight fails when the connection is cut, rather than at its time-out', async (t) => {
  const bus = new MemoryBus(new VirtualClock());
  const a = bus.connect({ cluster: 'x', node: 'a', executor: 0 });
  a.services.serve('x.silent', undefined, () => {});
  const request = a.services.request('x.silent', bytesOf('x'), {}, 1_000);
  bus.cut('a');
  await t.rejects(request, { code: 'TRANSPORT_FAILED' });
});

t.test('lost chunks of a large message are sent again after their time-out, and it arrives once', async (t) => {
  const clock = new VirtualClock();
  const bus = new MemoryBus(clock);
  const a = bus.connect({ cluster: 'x', node: 'a', executor: 0 });
  const b = bus.connect({ cluster: 'x', node: 'b', executor: 0 });
  const inbox = await inboxOf(b);
  let seen = 0;
  bus.drop((message) => message.subject.includes('.large.') && (seen += 1) % 3 === 0);
  const large = new Uint8Array(3_000_000).map((_, i) => i * 31);
  a.send('b', 0, 'large', large);
  await eventually('the message', () => {
    clock.advance(100);
    return inbox.frames.length === 1 && a.stats().large.delivered === 1;
  });
  t.ok(inbox.frames[0]?.bytes.every((byte, i) => byte === large[i]));
  t.ok(a.stats().large.resentChunks > 0);
});

t.test('large messages to a receiver that is gone are given up, and sending may go on', async (t) => {
  const clock = new VirtualClock();
  const bus = new MemoryBus(clock);
  const a = bus.connect({ cluster: 'x', node: 'a', executor: 0 });
  let drained = 0;
  a.onDrain(() => (drained += 1));
  t.ok(a.send('gone', 0, 'large', new Uint8Array(4_000_000)));
  t.notOk(a.send('gone', 0, 'large', new Uint8Array(4_000_000)), 'over the high-water mark');
  clock.advance(14_000);
  t.equal(a.stats().large.abandoned, 0, 'it is tried for a while');
  clock.advance(2_000);
  t.match(a.stats(), { large: { abandoned: 2, delivered: 0 } });
  t.equal(drained, 1);
  t.equal(clock.pending, 0, 'nothing is left to time');
});

t.test('what waits for one receiver is bounded: beyond it messages are dropped and counted', async (t) => {
  const bus = new MemoryBus(new VirtualClock());
  const a = bus.connect({ cluster: 'x', node: 'a', executor: 0 }, { maxMessageBytes: 100_000 });
  a.send('gone', 0, 'large', new Uint8Array(100_000));
  a.send('gone', 0, 'large', new Uint8Array(100_000));
  t.notOk(a.send('gone', 0, 'large', new Uint8Array(100_000)));
  t.equal(a.stats().dropped.overflow, 1);
  t.ok(a.send('other', 0, 'large', new Uint8Array(100_000)), 'other receivers are not concerned');
});
