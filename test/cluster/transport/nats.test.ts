/** The adapter over a real nats-server keeps the contract, and comes back from what happens to servers. */
import t, { type Test } from 'tap';
import { connectServices, connectTransport } from '#cluster/transport/connect';
import type { TransportAddress } from '#cluster/transport/port';
import { startNatsServer } from '#cluster/transport/nats-server';
import { withNats } from '#test/support/nats';
import { bytesOf, inboxOf } from './adapter.js';
import { transportContract } from './contract.js';
import { eventually } from './eventually.js';
import { slowLink } from './slow-link.js';

type Server = { readonly url: string };

async function open(
  t: Test,
  server: Server,
  node: string,
  more: Partial<Parameters<typeof connectTransport>[1]['nats']> = {},
) {
  const address: TransportAddress = { cluster: 'x', node, executor: 0 };
  const transport = await connectTransport(address, { nats: { urls: [server.url], ...more } });
  t.teardown(() => transport.close());
  return transport;
}

t.test('the contract of the transport, over a real nats-server', async (t) => {
  const server = await withNats(t);
  const nats = { urls: [server.url] };
  transportContract(t, {
    connect: (cluster, node, executor) => connectTransport({ cluster, node, executor }, { nats }),
    connectServices: () => connectServices(nats),
  });
});

t.test(
  'a killed server is noticed; when it is back, so are subscriptions; what was sent meanwhile is dropped, not kept',
  async (t) => {
    const first = await startNatsServer();
    t.teardown(() => first.stop());
    const [a, b] = [await open(t, first, 'a'), await open(t, first, 'b')];
    const inbox = await inboxOf(b);
    const heard: string[] = [];
    b.onBroadcast('members', (payload) => heard.push(new TextDecoder().decode(payload)));
    await b.flush();
    process.kill(first.pid, 'SIGKILL');
    await eventually('both notice', () => a.status() === 'disconnected' && b.status() === 'disconnected');
    await eventually('sending says so', () => !a.send('b', 0, 'data', bytesOf('lost')));
    await t.rejects(a.services.request('x.y', bytesOf('x'), {}, 1_000), { code: 'TRANSPORT_FAILED' });
    let drained = 0;
    a.onDrain(() => (drained += 1));
    await withNats(t, { port: first.port });
    await eventually('both are back', () => a.stats().reconnects === 2 && b.stats().reconnects === 2);
    t.ok(drained > 0, 'senders that waited are told to go on');
    await b.flush();
    a.send('b', 0, 'data', bytesOf('after'));
    a.send('b', 0, 'large', new Uint8Array(200_000));
    a.broadcast('members', bytesOf('here again'));
    await eventually('frames after the outage', () => inbox.frames.length === 2 && heard.length === 1);
    t.equal(inbox.frames.find((frame) => frame.lane === 'data')?.text, 'after');
    t.ok(a.stats().dropped.disconnected > 0);
  },
);

t.test('a large message that the death of the server interrupts arrives when the server is back', async (t) => {
  const first = await startNatsServer();
  t.teardown(() => first.stop());
  const [a, b] = [await open(t, first, 'a'), await open(t, first, 'b')];
  const inbox = await inboxOf(b);
  process.kill(first.pid, 'SIGKILL');
  await eventually('both notice', () => a.status() === 'disconnected' && b.status() === 'disconnected');
  a.send('b', 0, 'large', new Uint8Array(3_000_000).fill(7));
  await withNats(t, { port: first.port });
  await eventually('the message', () => inbox.frames.length === 1);
  t.ok(inbox.frames[0]?.bytes.every((byte) => byte === 7));
});

t.test(
  'a server that stops answering while the sockets are full is noticed, close does not hang, and it can come back',
  async (t) => {
    const server = await withNats(t);
    const a = await open(t, server, 'a', { pingIntervalMs: 100, connectTimeoutMs: 500 });
    const b = await open(t, server, 'b', { pingIntervalMs: 100, connectTimeoutMs: 500 });
    await inboxOf(b);
    process.kill(server.pid, 'SIGSTOP');
    t.teardown(() => continueServer(server.pid));
    let taken = 0;
    while (a.send('b', 0, 'data', new Uint8Array(40_000))) taken += 1;
    for (let i = 0; i < 1_000; i += 1) a.send('b', 0, 'data', new Uint8Array(40_000));
    t.ok(taken > 0 && taken * 40_000 <= 4 * 1024 * 1024, 'the outgoing buffer has a high-water mark');
    await eventually('both notice', () => a.status() === 'disconnected' && b.status() === 'disconnected');
    await eventually('the bulk connection too, although its socket is stuck', () => {
      a.send('b', 0, 'data', bytesOf('x'));
      return a.stats().dropped.disconnected > 0;
    });
    await b.close();
    t.equal(b.status(), 'closed');
    continueServer(server.pid);
    await eventually('it is back', () => a.status() === 'connected');
  },
);

t.test('what cannot leave is bounded: beyond the limit frames are dropped and counted', async (t) => {
  const server = await withNats(t);
  const a = await open(t, server, 'a', { highWaterBytes: 100_000, limitBytes: 1_000_000 });
  let drained = 0;
  a.onDrain(() => (drained += 1));
  process.kill(server.pid, 'SIGSTOP');
  t.teardown(() => continueServer(server.pid));
  for (let i = 0; i < 100; i += 1) a.send('b', 0, 'data', new Uint8Array(40_000));
  continueServer(server.pid);
  t.match(a.stats(), { sentFrames: 25, dropped: { overflow: 75 } });
  await eventually('it drains', () => drained > 0);
  t.ok(a.send('b', 0, 'data', new Uint8Array(10)));
});

t.test('on a slow link a control frame overtakes the bulk that was sent before it', async (t) => {
  const server = await withNats(t);
  const link = await slowLink(t, server.port);
  const a = await open(t, link, 'a');
  const b = await open(t, server, 'b');
  const inbox = await inboxOf(b);
  for (let i = 0; i < 100; i += 1) a.send('b', 0, 'data', new Uint8Array(40_000));
  a.send('b', 0, 'control', bytesOf('urgent'));
  await eventually('everything', () => inbox.frames.length === 101);
  const place = inbox.frames.findIndex((frame) => frame.lane === 'control');
  t.ok(place < 50, `the control frame came at place ${place} of 101`);
});

function continueServer(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone already.
  }
}
