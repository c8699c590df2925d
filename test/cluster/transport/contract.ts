/**
 * The contract of the transport, as scenarios that every adapter passes. Adapters differ in how they connect and in
 * nothing else that is visible here.
 */
import { randomBytes } from 'node:crypto';
import { MAX_FRAME_BYTES, type Lane, type Transport } from '#cluster/transport/port';
import type { Test } from 'tap';
import { inboxOf, open, pair, rejectsWith, type Adapter } from './adapter.js';
import { servicesContract } from './contract-services.js';
import { eventually } from './eventually.js';

const text = new TextEncoder();
const words = new TextDecoder();

/** Runs every scenario against one adapter. */
export function transportContract(t: Test, adapter: Adapter): void {
  frames(t, adapter);
  largeFrames(t, adapter);
  closing(t, adapter);
  servicesContract(t, adapter);
}

function frames(t: Test, adapter: Adapter): void {
  t.test('2000 frames to one executor arrive once each and in order, on both lanes', async (t) => {
    const [a, b] = await pair(t, adapter, 'order');
    const inbox = await inboxOf(b);
    for (let i = 0; i < 2_000; i += 1) a.send('b', 0, i % 2 === 0 ? 'data' : 'control', text.encode(String(i)));
    await eventually('all frames', () => inbox.frames.length >= 2_000);
    const on = (lane: Lane): number[] =>
      inbox.frames.filter((frame) => frame.lane === lane).map((frame) => Number(frame.text));
    t.same(
      on('data'),
      Array.from({ length: 1_000 }, (_, i) => 2 * i),
    );
    t.same(
      on('control'),
      Array.from({ length: 1_000 }, (_, i) => 2 * i + 1),
    );
    t.match(a.stats(), { sentFrames: 2_000, dropped: { disconnected: 0, overflow: 0, closed: 0, refused: 0 } });
    t.equal(b.stats().receivedFrames, 2_000);
  });

  t.test('a frame reaches only the cluster, node and executor it names', async (t) => {
    const here = await open(t, adapter, 'isolation', 'a', 0);
    const others = [
      await open(t, adapter, 'isolation', 'b', 0),
      await open(t, adapter, 'isolation', 'b', 1),
      await open(t, adapter, 'isolation', 'c', 0),
      await open(t, adapter, 'isolation-2', 'b', 0),
    ];
    const inboxes = await Promise.all(others.map(inboxOf));
    here.send('b', 1, 'data', text.encode('for b/1'));
    here.send('c', 0, 'control', text.encode('for c/0'));
    await eventually('both frames', () => inboxes[1]?.frames.length === 1 && inboxes[2]?.frames.length === 1);
    await Promise.all(others.map((other) => other.flush()));
    t.same(
      inboxes.map((inbox) => inbox.frames.map((frame) => frame.text)),
      [[], ['for b/1'], ['for c/0'], []],
    );
  });

  t.test('a transport may send to itself', async (t) => {
    const alone = await open(t, adapter, 'self', 'a', 0);
    const inbox = await inboxOf(alone);
    t.ok(alone.send('a', 0, 'data', text.encode('to me')));
    await eventually('the frame', () => inbox.frames.length === 1);
    t.equal(inbox.frames[0]?.text, 'to me');
  });

  t.test(
    'the receiver owns its bytes: what it does to them reaches neither the sender nor another frame',
    async (t) => {
      const [a, b] = await pair(t, adapter, 'ownership');
      const seen: string[] = [];
      b.onFrame((bytes) => {
        seen.push(words.decode(bytes));
        bytes.fill(0);
      });
      await b.flush();
      const frame = text.encode('again');
      a.send('b', 0, 'data', frame);
      await a.flush();
      a.send('b', 0, 'data', frame);
      await eventually('both frames', () => seen.length === 2);
      t.same(seen, ['again', 'again']);
    },
  );

  t.test(
    'a broadcast reaches each listener of its cluster and topic, the sender too, until it unsubscribes',
    async (t) => {
      const [a, b] = await pair(t, adapter, 'broadcast');
      const stranger = await open(t, adapter, 'broadcast-2', 'a', 0);
      const heard: string[] = [];
      const listen = (who: string, transport: Transport, topic: string) =>
        transport.onBroadcast(topic, (payload) => heard.push(`${who} ${words.decode(payload)}`));
      listen('a', a, 'members');
      const stop = listen('b', b, 'members');
      listen('b-other', b, 'other');
      listen('stranger', stranger, 'members');
      await Promise.all([a.flush(), b.flush(), stranger.flush()]);
      a.broadcast('members', text.encode('1'));
      await eventually('both listeners', () => heard.length === 2);
      t.same([...heard].sort(), ['a 1', 'b 1']);
      stop();
      await b.flush();
      a.broadcast('members', text.encode('2'));
      await eventually('the listener that is left', () => heard.includes('a 2'));
      await Promise.all([b.flush(), stranger.flush()]);
      t.equal(heard.length, 3);
    },
  );

  t.test('a handler that throws loses neither the next frame nor the connection', async (t) => {
    const [a, b] = await pair(t, adapter, 'throws');
    const seen: string[] = [];
    b.onFrame((bytes) => {
      seen.push(words.decode(bytes));
      throw new Error('a defect of the handler');
    });
    await b.flush();
    a.send('b', 0, 'data', text.encode('1'));
    a.send('b', 0, 'data', text.encode('2'));
    await eventually('both frames', () => seen.length === 2);
    t.equal(b.status(), 'connected');
  });

  t.test('names that cannot exist are refused with BAD_NAME before anything is sent', async (t) => {
    const a = await open(t, adapter, 'names', 'a', 0);
    const frame = text.encode('x');
    for (const node of ['', 'a.b', '*', '>', 'a b', 'x'.repeat(65), 'all', 'a/0']) {
      t.throws(() => a.send(node, 0, 'data', frame), { code: 'BAD_NAME' }, JSON.stringify(node));
    }
    for (const executor of [-1, 1.5, Number.NaN, 10_000]) {
      t.throws(() => a.send('b', executor, 'data', frame), { code: 'BAD_NAME' }, String(executor));
    }
    t.throws(() => a.broadcast('a.b', frame), { code: 'BAD_NAME' });
    t.throws(() => a.services.serve('with space', undefined, () => {}), { code: 'BAD_NAME' });
    await rejectsWith(t, 'BAD_NAME', a.services.request('a.*', frame, {}, 1_000));
    await rejectsWith(t, 'BAD_NAME', adapter.connect('bad.cluster', 'a', 0));
    await rejectsWith(t, 'BAD_NAME', adapter.connect('names', 'b*', 0));
    t.equal(a.stats().sentFrames, 0);
  });
}

function largeFrames(t: Test, adapter: Adapter): void {
  t.test('frames around the limit and 5 MiB messages arrive whole and in order on the large lane', async (t) => {
    const [a, b] = await pair(t, adapter, 'large');
    const inbox = await inboxOf(b);
    const sizes = [
      0,
      1,
      MAX_FRAME_BYTES - 1,
      MAX_FRAME_BYTES,
      MAX_FRAME_BYTES + 1,
      5 * 1024 * 1024,
      5 * 1024 * 1024 + 7,
    ];
    const sent = sizes.map((size) => randomBytes(size));
    for (const bytes of sent) a.send('b', 0, 'large', bytes);
    await eventually('all messages', () => inbox.frames.length === sent.length);
    t.ok(
      sent.every((bytes, i) => bytes.equals(inbox.frames[i]?.bytes ?? new Uint8Array(1))),
      'the same bytes',
    );
    t.ok(inbox.frames.every((frame) => frame.lane === 'large'));
    await eventually('acknowledgements', () => a.stats().large.delivered === sent.length);
  });

  t.test('a frame over the limit travels on the large lane whatever lane was asked for', async (t) => {
    const [a, b] = await pair(t, adapter, 'oversize');
    const inbox = await inboxOf(b);
    a.send('b', 0, 'data', randomBytes(MAX_FRAME_BYTES + 1));
    await eventually('the frame', () => inbox.frames.length === 1);
    t.match(inbox.frames[0], { lane: 'large' });
  });

  t.test('a message over the limit for one message is refused with its size and the limit', async (t) => {
    const a = await open(t, adapter, 'too-large', 'a', 0);
    const bytes = new Uint8Array(64 * 1024 * 1024 + 1);
    t.throws(() => a.send('b', 0, 'large', bytes), {
      code: 'FRAME_TOO_LARGE',
      facts: { bytes: bytes.byteLength, limit: 67_108_864 },
    });
  });

  t.test('large messages to two receivers and small frames beside them do not mix', async (t) => {
    const a = await open(t, adapter, 'mix', 'a', 0);
    const b = await open(t, adapter, 'mix', 'b', 0);
    const c = await open(t, adapter, 'mix', 'c', 7);
    const [toB, toC] = await Promise.all([inboxOf(b), inboxOf(c)]);
    const [forB, forC] = [randomBytes(700_000), randomBytes(900_000)];
    a.send('b', 0, 'large', forB);
    a.send('c', 7, 'large', forC);
    a.send('b', 0, 'control', text.encode('small'));
    await eventually('all', () => toB.frames.length === 2 && toC.frames.length === 1);
    t.ok(forB.equals(toB.frames.find((frame) => frame.lane === 'large')?.bytes ?? new Uint8Array()));
    t.ok(forC.equals(toC.frames[0]?.bytes ?? new Uint8Array()));
  });

  t.test('large messages both ways at once arrive', async (t) => {
    const [a, b] = await pair(t, adapter, 'both-ways');
    const [atA, atB] = await Promise.all([inboxOf(a), inboxOf(b)]);
    const bytes = randomBytes(2_000_000);
    a.send('b', 0, 'large', bytes);
    b.send('a', 0, 'large', bytes);
    await eventually('both', () => atA.frames.length === 1 && atB.frames.length === 1);
    t.ok(
      bytes.equals(atA.frames[0]?.bytes ?? new Uint8Array()) && bytes.equals(atB.frames[0]?.bytes ?? new Uint8Array()),
    );
  });
}

function closing(t: Test, adapter: Adapter): void {
  t.test('sending to nobody is no error, on any lane', async (t) => {
    const a = await open(t, adapter, 'nobody', 'a', 0);
    const lanes: Lane[] = ['control', 'data', 'large'];
    for (const lane of lanes) t.ok(a.send('nowhere', 3, lane, text.encode('x')), lane);
    await a.flush();
    t.equal(a.status(), 'connected');
  });

  t.test('what was sent before close arrives, a large message included', async (t) => {
    const a = await adapter.connect('closing', 'a', 0);
    const b = await open(t, adapter, 'closing', 'b', 0);
    const inbox = await inboxOf(b);
    const large = randomBytes(1_500_000);
    for (let i = 0; i < 500; i += 1) a.send('b', 0, 'data', text.encode(String(i)));
    a.send('b', 0, 'large', large);
    await a.close();
    await eventually('all frames', () => inbox.frames.length === 501);
    t.ok(large.equals(inbox.frames.find((frame) => frame.lane === 'large')?.bytes ?? new Uint8Array()));
  });

  t.test(
    'a closed transport is closed for good: close again is fine, frames are dropped and counted, requests fail',
    async (t) => {
      const a = await adapter.connect('closed', 'a', 0);
      const statuses: string[] = [];
      a.onStatus((status) => statuses.push(status));
      await Promise.all([a.close(), a.close()]);
      await a.close();
      t.same(statuses, ['closed']);
      t.equal(a.status(), 'closed');
      t.notOk(a.send('b', 0, 'data', text.encode('x')));
      t.notOk(a.send('b', 0, 'large', text.encode('x')));
      t.equal(a.stats().dropped.closed, 2);
      a.broadcast('members', text.encode('x'));
      await t.rejects(a.flush());
      await rejectsWith(t, 'TRANSPORT_FAILED', a.services.request('closed.x', text.encode('x'), {}, 1_000));
    },
  );
}
