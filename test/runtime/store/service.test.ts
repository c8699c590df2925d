/** The store service and its clients: groups, order, bounds, fences, failures. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { memoryStore, type MemoryStore, type SkepError } from '#runtime';
import { StoreClient } from '#runtime/store/client';
import { LANE_REQUESTS, StoreService } from '#runtime/store/service';
import type { Store, StoreWrite } from '#runtime/store/store';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';

/** A service over a store in memory, whose commits are counted, and clients as executors have them. */
function serve(t: Test, memory: MemoryStore = memoryStore()) {
  const clock = new VirtualClock();
  const groups: (readonly StoreWrite[])[] = [];
  const failures: SkepError[] = [];
  const inner = memory.open();
  const store: Store = {
    contents: () => inner.contents(),
    commit: (writes, durability) => {
      groups.push(writes);
      return inner.commit(writes, durability);
    },
    load: (key, durability) => inner.load(key, durability),
    events: (key, from, durability) => inner.events(key, from, durability),
    close: () => inner.close(),
  };
  const service = new StoreService(store, (error) => failures.push(error));
  const rawPort = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    service.connect(port1);
    t.teardown(() => port2.close());
    return port2;
  };
  const client = (timeoutMs = 1_000): StoreClient => {
    const made = new StoreClient(rawPort(), clock, { sync: 'disk', timeoutMs });
    t.teardown(() => made.close());
    return made;
  };
  return { service, groups, failures, clock, client, rawPort, memory };
}

const claimOf = (key: string): StoreWrite => ({ type: 'claim', key });
const event = (key: string, epoch: number, after: number): StoreWrite => ({
  type: 'append',
  key,
  epoch,
  after,
  events: [Buffer.from('e')],
});

t.test('writes of many actors and executors become one commit, and each hears of its own', async (t) => {
  const { groups, client } = serve(t);
  const clients = [client(), client(), client()];
  const heads = await Promise.all(
    clients.flatMap((one, number) =>
      Array.from({ length: 50 }, (_, index) => one.write(claimOf(`k${number}-${index}`), 'disk')),
    ),
  );
  t.equal(new Set(heads.map(({ epoch }) => epoch)).size, 150);
  t.ok(groups.length <= 3, `${groups.length} commits for 150 writes`);
});

t.test('writes of one actor are carried out in their order, whatever else there is', async (t) => {
  const { client } = serve(t);
  const [one, other] = [client(), client()];
  const { epoch } = await one.write(claimOf('k'), 'disk');
  const noise = Array.from({ length: 500 }, (_, index) =>
    other.write(claimOf(`n${index}`), index % 2 ? 'disk' : 'process'),
  );
  const heads = await Promise.all(
    Array.from({ length: 300 }, (_, after) => one.write(event('k', epoch, after), 'disk')),
  );
  t.same(
    heads.map(({ seq }) => seq),
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  await Promise.all(noise);
});

t.test('more requests than the window wait at the client, in order, and all are answered', async (t) => {
  const { client, groups } = serve(t);
  const one = client(60_000);
  const { epoch } = await one.write(claimOf('k'), 'disk');
  const count = 20_000;
  const all = Promise.all(Array.from({ length: count }, (_, after) => one.write(event('k', epoch, after), 'disk')));
  t.equal((await all).at(-1)?.seq, count);
  t.ok(Math.max(...groups.map((group) => group.length)) <= LANE_REQUESTS, 'no group is beyond the bound');
});

t.test(
  'bytes beyond the bound of the waiting are refused with STORE_BUSY, and nothing of them is written',
  async (t) => {
    const { client } = serve(t);
    const one = client(60_000);
    const { epoch } = await one.write(claimOf('k'), 'disk');
    const big: StoreWrite = { type: 'put', key: 'k', epoch, name: 'big', bytes: new Uint8Array(15 << 20) };
    const asked: Promise<unknown>[] = [];
    t.throws(
      () => {
        for (let count = 0; count < 20; count += 1) asked.push(one.write(big, 'disk'));
      },
      { code: 'STORE_BUSY' },
    );
    t.ok(asked.length >= 4, `${asked.length} were taken`);
    await Promise.all(asked);
    t.ok(await one.write(big, 'disk'), 'afterwards there is room again');
  },
);

t.test(
  'a flood that ignores the window is answered STORE_BUSY, and a quiet executor is served beside it',
  async (t) => {
    const { rawPort, client } = serve(t);
    const port = rawPort();
    const busy: unknown[] = [];
    let answered = 0;
    port.on('message', (answers: readonly { readonly error?: { readonly code: string } }[]) => {
      answered += answers.length;
      for (const { error } of answers) if (error !== undefined) busy.push(error.code);
    });
    const total = LANE_REQUESTS + 5_000;
    port.postMessage(
      Array.from({ length: total }, (_, id) => ({
        id,
        op: 'write',
        durability: 'disk',
        write: claimOf(`f${id % 10}`),
      })),
    );
    t.ok(await client().write(claimOf('quiet'), 'disk'));
    await eventually('the flood is answered', () => answered === total);
    t.same(new Set(busy), new Set(['STORE_BUSY']));
    t.equal(busy.length, 5_000);
  },
);

t.test('what is no request is counted and dropped', async (t) => {
  const { service, rawPort, client } = serve(t);
  const port = rawPort();
  const write = { type: 'append', key: 'k', epoch: 1, after: 0, events: [new Uint8Array()] };
  const odd: unknown[] = [
    null,
    7,
    'x',
    [],
    {},
    { id: -1, op: 'load', durability: 'disk', key: 'k' },
    { id: 1, op: 'load', durability: 'tape', key: 'k' },
    { id: 1, op: 'load', durability: 'disk', key: '' },
    { id: 1, op: 'load', durability: 'disk', key: 'a\0b' },
    { id: 1, op: 'load', durability: 'disk', key: 'x'.repeat(600) },
    { id: 1, op: 'events', durability: 'disk', key: 'k', from: 0.5 },
    { id: 1, op: 'drop everything', durability: 'disk' },
    ...[{ epoch: 'x' }, { after: -1 }, { events: ['text'] }, { events: 7 }, { key: 3 }, { type: 'truncate' }].map(
      (wrong) => ({
        id: 1,
        op: 'write',
        durability: 'disk',
        write: { ...write, ...wrong },
      }),
    ),
  ];
  port.postMessage(odd);
  port.postMessage('not even a list');
  await eventually('all are counted', () => service.malformed === odd.length + 1);
  t.ok(await client().write(claimOf('k'), 'disk'), 'and the service goes on');
});

t.test(
  'after a failed flush nothing of that group is acknowledged, and everything is refused until it is opened again',
  async (t) => {
    const { client, failures, memory } = serve(t);
    const one = client();
    const { epoch } = await one.write(claimOf('k'), 'disk');
    await one.write(event('k', epoch, 0), 'disk');
    memory.failNextFlush();
    const group = [one.write(event('k', epoch, 1), 'disk'), one.write(claimOf('other'), 'disk')];
    for (const write of group) await t.rejects(write, { code: 'STORE_FAILED' });
    await t.rejects(one.write(event('k', epoch, 1), 'disk'), { code: 'STORE_FAILED' });
    await t.rejects(one.load('k', 'disk'), { code: 'STORE_FAILED' });
    await t.rejects(client().events('k', 1, 'process'), { code: 'STORE_FAILED' });
    t.match(failures, [{ code: 'STORE_FAILED' }], 'the node hears of it once');
    memory.crash('power');
    t.match(memory.open().load('k', 'disk'), { head: { seq: 1 } }, 'what was acknowledged is there');
  },
);

t.test(
  'a store that does not answer: each request ends at its time limit, and a late answer harms nobody',
  async (t) => {
    const { port1, port2 } = new MessageChannel();
    t.teardown(() => port1.close());
    const clock = new VirtualClock();
    const client = new StoreClient(port2, clock, { sync: 'disk', timeoutMs: 100 });
    t.teardown(() => client.close());
    const first = client.write(claimOf('a'), 'disk');
    clock.advance(60);
    const second = client.write(claimOf('b'), 'disk');
    clock.advance(40);
    await t.rejects(first, { code: 'STORE_TIMEOUT' });
    t.equal(client.pending, 1);
    clock.advance(60);
    await t.rejects(second, { code: 'STORE_TIMEOUT' });
    port1.postMessage([
      { id: 1, value: undefined },
      { id: 99, value: undefined },
    ]);
    const third = client.write(claimOf('c'), 'disk');
    port1.postMessage([{ id: 3, value: { epoch: 1, seq: 0, first: 1, snapshotSeq: 0 } }]);
    t.match(await third, { epoch: 1 });
    const last = client.write(claimOf('d'), 'disk');
    port1.close();
    await t.rejects(last, { code: 'STORE_FAILED', message: /has ended/ });
    t.throws(() => client.write(claimOf('e'), 'disk'), { code: 'STORE_FAILED' });
  },
);

t.test('an executor that is gone leaves nothing in the service, and neither do actors', async (t) => {
  const { service, client } = serve(t);
  const one = client();
  for (let round = 0; round < 100; round += 1) {
    const { epoch } = await one.write(claimOf(`k${round}`), 'disk');
    await one.write({ type: 'erase', key: `k${round}`, epoch }, 'disk');
  }
  t.equal(service.lanes, 1);
  one.close();
  await eventually('its lane is gone', () => service.lanes === 0);
});

t.test('a close carries out what has arrived', async (t) => {
  const { service, client, memory } = serve(t);
  const one = client();
  const { epoch } = await one.write(claimOf('k'), 'disk');
  const writes = Array.from({ length: 100 }, (_, after) => one.write(event('k', epoch, after), 'disk'));
  await writes[0];
  await service.close();
  await Promise.allSettled(writes);
  t.equal(memory.open().contents().events, 100);
});
