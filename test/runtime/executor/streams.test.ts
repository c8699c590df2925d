/** Streams between actors: order, back-pressure, and who is told when either side goes. */
import { defineActor, SkepError } from '#runtime';
import { STREAM_WINDOW } from '#runtime/executor/stream';
import t from 'tap';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';

/** A source that says how far it got and whether its generator was closed. */
function sourceWith(log: { made: number; closed: number }, held: Promise<void> = Promise.resolve()) {
  return defineActor({
    name: 'source',
    init: () => null,
    calls: {
      async *count(
        _state,
        message: { readonly upTo: number; readonly failAt?: number; readonly how?: 'refuse' | 'crash' },
      ) {
        try {
          for (let n = 0; n < message.upTo; n += 1) {
            if (n === message.failAt) {
              throw message.how === 'refuse' ? new SkepError('BAD_MESSAGE', 'no further') : new Error('boom');
            }
            log.made += 1;
            yield n;
          }
        } finally {
          log.closed += 1;
        }
      },
      async *heldAt(_state, message: { readonly n: number }, ctx) {
        for (let n = 0; ; n += 1) {
          if (n === message.n)
            await Promise.race([held, new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))]);
          log.made += 1;
          yield n;
        }
      },
      ping: () => 'pong',
    },
    casts: {
      crash: () => {
        throw new Error('crashed');
      },
    },
  });
}

async function started(t: Parameters<typeof inlineSystem>[0], held?: Promise<void>) {
  const log = { made: 0, closed: 0 };
  const source = sourceWith(log, held);
  const { system, clock } = await inlineSystem(t, { definitions: [source] });
  return { log, system, clock, ref: await system.spawn(source, undefined) };
}

/** Reads until the stream ends or fails. */
async function readAll<T>(stream: AsyncIterable<T>): Promise<{ readonly items: T[]; readonly error?: unknown }> {
  const items: T[] = [];
  try {
    for await (const item of stream) items.push(item);
    return { items };
  } catch (error) {
    return { items, error };
  }
}

t.test('a stream many windows long arrives whole and in order, and its end is told once', async (t) => {
  const { ref, log, system } = await started(t);
  const upTo = STREAM_WINDOW * 10 + 7;
  t.same(await readAll(ref.call('count', { upTo })), { items: Array.from({ length: upTo }, (_, n) => n) });
  t.same(log, { made: upTo, closed: 1 });
  t.same((await readAll(ref.call('count', { upTo: 0 }))).items, []);
  t.equal((await readAll(ref.call('count', { upTo: STREAM_WINDOW }))).items.length, STREAM_WINDOW);
  t.same(await deadLetters(system), {});
});

t.test('a reader that stops reading holds one window at most, and its source still answers others', async (t) => {
  const { ref, log } = await started(t);
  const reader = ref.call('count', { upTo: 100_000 })[Symbol.asyncIterator]();
  await reader.next();
  await settle();
  t.ok(log.made <= STREAM_WINDOW + 1, `${log.made} items were made`);
  t.equal(await ref.call('ping'), 'pong');
  for (let n = 0; n < STREAM_WINDOW; n += 1) await reader.next();
  await settle();
  t.ok(log.made <= 2 * STREAM_WINDOW + 1, `${log.made} items were made`);
  await reader.return?.();
});

t.test('a reader that breaks off closes the generator of its source', async (t) => {
  const { ref, log, system } = await started(t);
  for await (const item of ref.call('count', { upTo: 100_000 })) if (item === 5) break;
  await settle();
  t.equal(log.closed, 1);
  t.ok(log.made <= 2 * STREAM_WINDOW, `${log.made} items were made`);
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

t.test('a reader that is cancelled while a step runs gets nothing more, and the stream ends', async (t) => {
  const { opened, open } = gate();
  const { ref, log, system } = await started(t, opened);
  const controller = new AbortController();
  const reading = readAll(ref.call('heldAt', { n: 3 }, { signal: controller.signal }));
  await settle();
  controller.abort();
  t.match(await reading, { items: [0, 1, 2], error: { code: 'CALL_CANCELLED' } });
  open();
  await settle();
  t.ok(log.made <= 4, 'the step under way was the last');
  t.same(await deadLetters(system), {}, 'and its item was not sent to nobody');
  t.equal(await ref.call('ping'), 'pong');
});

t.test('a stream has no deadline unless one is asked for', async (t) => {
  const { opened, open } = gate();
  const { ref, clock } = await started(t, opened);
  const limited = readAll(ref.call('heldAt', { n: 1 }, { timeoutMs: 50 }));
  await settle();
  clock.advance(50);
  t.match(await limited, { items: [0], error: { code: 'CALL_TIMEOUT' } });
  await settle();
  const reader = ref.call('heldAt', { n: 1 })[Symbol.asyncIterator]();
  await reader.next();
  const second = reader.next();
  clock.advance(3_600_000);
  open();
  t.equal((await second).value, 1);
  await reader.return?.();
});

t.test(
  'a SkepError in a stream ends it for the reader and leaves the actor; a crash tells the reader and restarts',
  async (t) => {
    const { ref, clock, system } = await started(t);
    const refused = await readAll(ref.call('count', { upTo: 5, failAt: 2, how: 'refuse' }));
    t.match(refused, { items: [0, 1], error: { code: 'BAD_MESSAGE' } });
    const other = ref.call('count', { upTo: 100_000 })[Symbol.asyncIterator]();
    await other.next();
    const crashed = await readAll(ref.call('count', { upTo: 5, failAt: 2, how: 'crash' }));
    t.match(crashed, { items: [0, 1], error: { code: 'ACTOR_CRASHED' } });
    t.match(
      (await system.list()).find(({ address }) => address === ref.address),
      { status: 'failed' },
    );
    await t.rejects(
      (async () => {
        for (;;) await other.next();
      })(),
      { code: 'ACTOR_CRASHED' },
      'a stream of another reader ends with the life of the actor',
    );
    clock.advance(10);
    t.equal(await ref.call('ping'), 'pong');
  },
);

t.test('a stream whose source stops ends with ACTOR_STOPPED after the items before it', async (t) => {
  const { ref, system, log } = await started(t);
  const reader = ref.call('count', { upTo: 100_000 })[Symbol.asyncIterator]();
  t.equal((await reader.next()).value, 0);
  system.stopActor(ref.address);
  await settle();
  let items = 1;
  await t.rejects(
    (async () => {
      for (;;) {
        await reader.next();
        items += 1;
      }
    })(),
    { code: 'ACTOR_STOPPED' },
  );
  t.equal(items, log.made);
});

t.test('each iteration of one call is a stream of its own', async (t) => {
  const { ref } = await started(t);
  const stream = ref.call('count', { upTo: 3 });
  t.same(await Promise.all([readAll(stream), readAll(stream)]), [{ items: [0, 1, 2] }, { items: [0, 1, 2] }]);
});

t.test('a stream whose handler cannot take its message apart crashes the actor and not its thread', async (t) => {
  const picky = defineActor({
    name: 'picky',
    init: () => null,
    calls: {
      async *items(_state, { first }: { readonly first: number }) {
        yield first;
      },
    },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [picky] });
  const { address } = await system.spawn(picky, undefined);
  const reader = system.stream(address, 'items', null)[Symbol.asyncIterator]();
  await t.rejects(reader.next(), { code: 'ACTOR_CRASHED' });
  await settle();
  clock.advance(10);
  await settle();
  t.match(
    (await system.list()).find((actor) => actor.address === address),
    { status: 'running', incarnation: 2 },
  );
});

/** Streams that wait for a gate, one that holds its actor and one that does not. */
function waiterFor(held: Promise<void>) {
  return defineActor({
    name: 'waiter',
    init: () => ({ log: [] as string[] }),
    interleaved: ['beside'],
    calls: {
      async *beside(state, message: { readonly who: string; readonly how?: 'crash' }, ctx) {
        const { signal } = ctx;
        yield `${message.who} 1`;
        state.log.push(`${message.who} waits`);
        await Promise.race([held, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
        state.log.push(`${message.who} ${signal.aborted ? 'aborted' : 'goes on'}`);
        if (message.how === 'crash') throw new Error('boom');
        yield `${message.who} 2`;
      },
      async *holding() {
        await held;
        yield 1;
      },
      log: (state) => [...state.log],
    },
  });
}

t.test('an interleaved stream that waits holds up neither messages nor other streams', async (t) => {
  const { opened, open } = gate();
  const waiter = waiterFor(opened);
  const { system } = await inlineSystem(t, { definitions: [waiter] });
  const ref = await system.spawn(waiter, undefined);
  const both = Promise.all([readAll(ref.call('beside', { who: 'a' })), readAll(ref.call('beside', { who: 'b' }))]);
  await settle();
  t.same(await ref.call('log'), ['a waits', 'b waits']);
  open();
  t.same(await both, [{ items: ['a 1', 'a 2'] }, { items: ['b 1', 'b 2'] }]);
});

t.test('a stream that is not interleaved holds its actor while it waits', async (t) => {
  const { opened, open } = gate();
  const waiter = waiterFor(opened);
  const { system } = await inlineSystem(t, { definitions: [waiter] });
  const ref = await system.spawn(waiter, undefined);
  const reading = readAll(ref.call('holding'));
  await settle();
  const asked = ref.call('log').then(() => 'answered');
  await settle();
  t.equal(await Promise.race([asked, Promise.resolve('waits')]), 'waits');
  open();
  t.same(await reading, { items: [1] });
  t.equal(await asked, 'answered');
});

t.test('an interleaved stream hears at once that its reader left, and its actor has no stream any more', async (t) => {
  const { opened } = gate();
  const waiter = waiterFor(opened);
  const { system } = await inlineSystem(t, { definitions: [waiter] });
  const ref = await system.spawn(waiter, undefined);
  const controller = new AbortController();
  const reading = readAll(ref.call('beside', { who: 'a' }, { signal: controller.signal }));
  await settle();
  controller.abort();
  t.match(await reading, { items: ['a 1'], error: { code: 'CALL_CANCELLED' } });
  await settle();
  t.same(await ref.call('log'), ['a waits', 'a aborted']);
  t.same(await deadLetters(system), {}, 'what it yielded after that went nowhere');
});

t.test('an interleaved stream that crashes while it waits crashes its actor', async (t) => {
  const { opened, open } = gate();
  const waiter = waiterFor(opened);
  const { system, clock } = await inlineSystem(t, { definitions: [waiter] });
  const ref = await system.spawn(waiter, undefined);
  const crashing = readAll(ref.call('beside', { who: 'a', how: 'crash' }));
  await settle();
  open();
  t.match(await crashing, { items: ['a 1'], error: { code: 'ACTOR_CRASHED' } });
  clock.advance(10);
  t.same(await ref.call('log'), [], 'a new life');
});

t.test('an interleaved stream that waits when its actor stops ends with it', async (t) => {
  const { opened } = gate();
  const waiter = waiterFor(opened);
  const { system } = await inlineSystem(t, { definitions: [waiter] });
  const ref = await system.spawn(waiter, undefined);
  const reading = readAll(ref.call('beside', { who: 'a' }));
  await settle();
  system.stopActor(ref.address);
  t.match(await reading, { items: ['a 1'], error: { code: 'ACTOR_STOPPED' } });
});

t.test('a slow reader of an interleaved stream has one window made for it', async (t) => {
  let made = 0;
  const source = defineActor({
    name: 'source-beside',
    init: () => null,
    interleaved: ['count'],
    calls: {
      async *count() {
        for (;;) {
          await Promise.resolve();
          yield (made += 1);
        }
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [source] });
  const ref = await system.spawn(source, undefined);
  const reader = ref.call('count')[Symbol.asyncIterator]();
  await reader.next();
  await settle(2 * STREAM_WINDOW);
  t.equal(made, STREAM_WINDOW);
  for (let n = 1; n < STREAM_WINDOW; n += 1) t.equal((await reader.next()).value, n + 1);
  await settle(2 * STREAM_WINDOW);
  t.equal(made, 2 * STREAM_WINDOW);
  await reader.return?.();
});

t.test('only streams can be interleaved', async (t) => {
  t.throws(() => defineActor({ name: 'plain', init: () => null, interleaved: ['ping'], calls: { ping: () => 1 } }), {
    code: 'BAD_CONFIG',
  });
});
