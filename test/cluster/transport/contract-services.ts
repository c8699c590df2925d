/**
 * The part of the transport's contract that concerns services: requests, answers, queues, and nobody there.
 */
import type { Test } from 'tap';
import type { Adapter } from './adapter.js';
import { open, pair, rejectsWith } from './adapter.js';

const text = new TextEncoder();
const words = new TextDecoder();

/** Runs the scenarios of services against one adapter. */
export function servicesContract(t: Test, adapter: Adapter): void {
  t.test(
    'a request is answered, with payload and headers both ways, by a node and from a program that is none',
    async (t) => {
      const node = await open(t, adapter, 'serve', 'a', 0);
      const client = await adapter.connectServices();
      t.teardown(() => client.close());
      node.services.serve('serve.echo', undefined, (payload, headers, respond) => {
        respond(text.encode(`${words.decode(payload)}!`), {
          Format: headers['Format'] ?? '',
          'Nats-Service-Error': 'none',
        });
      });
      await node.flush();
      const reply = await client.request('serve.echo', text.encode('hello'), { Format: 'json' }, 5_000);
      t.equal(words.decode(reply.payload), 'hello!');
      t.same(reply.headers, { Format: 'json', 'Nats-Service-Error': 'none' });
    },
  );

  t.test('100 requests at once each get their own answer, however late it is given', async (t) => {
    const [a, b] = await pair(t, adapter, 'own-answers');
    const waiting: (() => void)[] = [];
    a.services.serve('own.double', undefined, (payload, _, respond) => {
      waiting.push(() => respond(text.encode(String(2 * Number(words.decode(payload))))));
      if (waiting.length === 100) for (const answer of waiting.reverse()) answer();
    });
    await a.flush();
    const asked = Array.from({ length: 100 }, (_, i) =>
      b.services.request('own.double', text.encode(String(i)), {}, 5_000),
    );
    const answers = await Promise.all(asked);
    t.same(
      answers.map((answer) => Number(words.decode(answer.payload))),
      Array.from({ length: 100 }, (_, i) => 2 * i),
    );
  });

  t.test('of the servers in one queue each request reaches one', async (t) => {
    const [a, b] = await pair(t, adapter, 'queue');
    const served: string[] = [];
    for (const [name, transport] of [
      ['a', a],
      ['b', b],
    ] as const) {
      transport.services.serve('queue.work', 'workers', (payload, _, respond) => {
        served.push(`${name} ${words.decode(payload)}`);
        respond(payload);
      });
    }
    await Promise.all([a.flush(), b.flush()]);
    for (let i = 0; i < 30; i += 1) await a.services.request('queue.work', text.encode(String(i)), {}, 5_000);
    await Promise.all([a.flush(), b.flush()]);
    t.equal(served.length, 30);
    t.same(new Set(served.map((each) => each[0])), new Set(['a', 'b']), 'both have work');
  });

  t.test('requestMany gathers the answers of all servers', async (t) => {
    const [a, b] = await pair(t, adapter, 'many');
    const servers = [
      ['a', a],
      ['b', b],
    ] as const;
    for (const [name, each] of servers)
      each.services.serve('many.ping', undefined, (_, __, respond) => respond(text.encode(name)));
    await Promise.all([a.flush(), b.flush()]);
    const two = await a.services.requestMany('many.ping', text.encode(''), { maxWaitMs: 10_000, maxReplies: 2 });
    t.same(two.map((reply) => words.decode(reply.payload)).sort(), ['a', 'b']);
    const all = await a.services.requestMany('many.ping', text.encode(''), { maxWaitMs: 200 });
    t.equal(all.length, 2, 'without a limit it waits for more until the time is over');
  });

  t.test('where nobody serves, a request fails at once with NO_CLUSTER and requestMany is empty', async (t) => {
    const a = await open(t, adapter, 'no-responders', 'a', 0);
    await rejectsWith(t, 'NO_CLUSTER', a.services.request('nobody.serves.this', text.encode('x'), {}, 600_000));
    t.same(await a.services.requestMany('nobody.serves.this', text.encode('x'), { maxWaitMs: 600_000 }), []);
    const stop = a.services.serve('served.once', undefined, (payload, _, respond) => respond(payload));
    await a.flush();
    await a.services.request('served.once', text.encode('x'), {}, 5_000);
    stop();
    await a.flush();
    await rejectsWith(t, 'NO_CLUSTER', a.services.request('served.once', text.encode('x'), {}, 600_000));
  });

  t.test(
    'a server that does not answer ends the request with CALL_TIMEOUT, and its late answer harms nothing',
    async (t) => {
      const [a, b] = await pair(t, adapter, 'timeout');
      const late: (() => void)[] = [];
      a.services.serve('timeout.slow', undefined, (payload, _, respond) => late.push(() => respond(payload)));
      a.services.serve('timeout.fast', undefined, (payload, _, respond) => respond(payload));
      await a.flush();
      await rejectsWith(t, 'CALL_TIMEOUT', b.services.request('timeout.slow', text.encode('x'), {}, 20));
      for (const answer of late) answer();
      const reply = await b.services.request('timeout.fast', text.encode('still here'), {}, 5_000);
      t.equal(words.decode(reply.payload), 'still here');
    },
  );

  t.test('headers that could break the protocol and payloads beyond the limit of the server are refused', async (t) => {
    const a = await open(t, adapter, 'bad-requests', 'a', 0);
    for (const headers of [{ 'A B': 'x' }, { A: 'x\r\nB: y' }, { '': 'x' }, { A: 'é' }]) {
      await rejectsWith(t, 'BAD_MESSAGE', a.services.request('bad.requests', text.encode('x'), headers, 1_000));
    }
    await rejectsWith(
      t,
      'FRAME_TOO_LARGE',
      a.services.request('bad.requests', new Uint8Array(2 * 1024 * 1024), {}, 1_000),
    );
    t.equal(a.status(), 'connected');
  });
}
