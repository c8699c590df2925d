/** Two nodes: what works across the line, and what each is told when the line or the other node goes. */
import { type ActorAddress, type ActorContext, type ActorRef, defineActor, type Info } from '#runtime';
import { makeRef, type RefTarget } from '#runtime/actor/ref';
import type { Executor } from '#runtime/executor/executor';
import t from 'tap';
import { pairOfNodes } from '../pair.js';
import { gate, settle } from '../support.js';

const worker = defineActor({
  name: 'worker',
  init: (args: { readonly start: number }) => ({ count: args.start, seen: [] as number[] }),
  calls: {
    add: (state, amount: number) => (state.count += amount),
    seen: (state) => state.seen,
    who: (_state, _message: undefined, ctx) => ({ node: ctx.node, sender: ctx.sender, parent: ctx.parent }),
    hang: () => new Promise<never>(() => {}),
    unsendable: () => ({ done: () => {} }),
    async *count(_state, upTo: number) {
      for (let n = 0; n < upTo; n += 1) yield n;
    },
  },
  casts: {
    note: (state, n: number) => void state.seen.push(n),
    crash: (): never => {
      throw new Error('boom');
    },
  },
});

/** An actor that does what a scenario asks of its context. */
function agentWith(infos: Info[]) {
  return defineActor({
    name: 'agent',
    init: () => null,
    calls: { act: (_state, action: (ctx: ActorContext) => unknown, ctx) => action(ctx) },
    info: (_state, info) => void infos.push(info),
  });
}

/** A ref as code on that node holds it. */
function refOn<D extends RefTarget>(executor: Executor, definition: D, address: ActorAddress): ActorRef<D> {
  return makeRef(definition, address, {
    tryCast: (to, name, message) => executor.offer({ kind: 'cast', to, from: executor.address, name, message }),
    call: (to, name, message, options) => executor.call(to, name, message, options),
    stream: (to, name, message, options) => executor.stream(to, name, message, options),
    drained: (to) => executor.drained(to),
  });
}

async function world(t: Parameters<typeof pairOfNodes>[0]) {
  const infos: Info[] = [];
  const agent = agentWith(infos);
  const pair = await pairOfNodes(t, [worker, agent]);
  const address = await pair.a.start(
    { definition: 'agent', args: null, restart: 'temporary', placement: 'same' },
    undefined,
  );
  const act = <T>(action: (ctx: ActorContext) => T): Promise<Awaited<T>> =>
    refOn(pair.a, agent, address).call('act', action) as Promise<Awaited<T>>;
  const child = await act((ctx) => ctx.spawn(worker, { start: 5 }, { node: 'b', name: 'far' }));
  return { ...pair, infos, act, agent: address, child: refOn(pair.a, worker, child.address) };
}

t.test('an actor is spawned, named, called and read as a stream on another node', async (t) => {
  const { child, act, agent, b } = await world(t);
  t.match(child.address, /^b@b1\/0\//);
  t.equal(await child.call('add', 2), 7);
  t.same(await act((ctx) => ctx.ref(worker, child.address).call('who')), { node: 'b', sender: agent, parent: agent });
  const items: number[] = [];
  for await (const n of child.call('count', 200)) items.push(n);
  t.equal(items.length, 200);
  t.equal(await b.lookup('far'), child.address);
  t.equal((await act((ctx) => ctx.lookup(worker, 'far', 'b')))?.address, child.address);
});

t.test('messages to one actor of another node keep their order', async (t) => {
  const { child } = await world(t);
  const sent = Array.from({ length: 2_000 }, (_, n) => n);
  for (const n of sent) child.cast('note', n);
  t.same(await child.call('seen'), sent);
});

t.test('a child on another node that crashes is restarted there by its parent here', async (t) => {
  const { child, clock, b } = await world(t);
  child.cast('crash');
  await settle();
  clock.advance(10);
  await settle();
  t.equal(await child.call('add', 0), 5);
  t.match(
    b.list().find(({ name }) => name === 'far'),
    { address: child.address, incarnation: 2 },
  );
});

t.test('a message or a reply that is not plain data fails that call only, on the side that sent it', async (t) => {
  const { child, a, b } = await world(t);
  const good = child.call('add', 1);
  await t.rejects(
    a.call(child.address, 'add', () => 1, {}),
    { code: 'BAD_MESSAGE', message: /send plain data/ },
  );
  await t.rejects(child.call('unsendable'), { code: 'BAD_MESSAGE', message: /at done is a function/ });
  t.equal(await good, 6);
  t.equal(a.report().deadLetters.counts.unencodable, 1);
  t.equal(b.report().deadLetters.counts.unencodable, 1);
});

t.test('when a node goes down: calls fail, monitors fire once, its children are given up', async (t) => {
  const { child, a, act, infos, cut } = await world(t);
  const other = await act((ctx) => ctx.spawn(worker, { start: 1 }, { node: 'b' }));
  await act((ctx) => ctx.monitor(other.address));
  const call = child.call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY });
  await settle();
  cut();
  a.nodeDown('b', 'b1');
  a.nodeDown('b', 'b1');
  await t.rejects(call, { code: 'NODE_DOWN', message: /node b went down/ });
  await settle();
  const told = infos.map((info) => `${info.type} ${'reason' in info ? info.reason.class : ''}`).sort();
  t.same(told, ['down node-down', 'exit node-down', 'exit node-down']);
});

t.test('when the node of its parent goes down a child ends, and says so to whoever watches', async (t) => {
  const { child, b } = await world(t);
  b.nodeDown('a', 'a1');
  await settle();
  t.notOk(b.list().some(({ address }) => address === child.address));
  t.equal(await b.lookup('far'), undefined);
});

t.test('a stream whose reader is on a node that went down is closed', async (t) => {
  const { opened, open } = gate();
  let closed = false;
  const source = defineActor({
    name: 'source',
    init: () => null,
    calls: {
      async *all() {
        try {
          for (let n = 0; ; n += 1) yield n;
        } finally {
          closed = true;
          open();
        }
      },
    },
  });
  const { a, b } = await pairOfNodes(t, [source]);
  const address = await b.start(
    { definition: 'source', args: null, restart: 'temporary', placement: 'same' },
    undefined,
  );
  const reader = refOn(a, source, address).call('all')[Symbol.asyncIterator]();
  await reader.next();
  b.nodeDown('a', 'a1');
  await opened;
  t.ok(closed);
});

t.test('an older life of a node that went down takes nothing of the newer one with it', async (t) => {
  const { child, a, infos } = await world(t);
  a.nodeDown('b', 'b0');
  t.equal(await child.call('add', 1), 6);
  t.same(infos, []);
});

t.test('a start from another node with a malformed spec is refused with the field, and nothing starts', async (t) => {
  const { a, b } = await world(t);
  const before = b.list().length;
  for (const spec of [null, 7, {}, { definition: 'worker', args: {}, restart: 'permanent', placement: 'nowhere' }]) {
    await t.rejects(a.call(b.address, 'start', spec, {}), { code: 'BAD_MESSAGE', message: /spawn spec refused/ });
  }
  await t.rejects(a.call(b.address, 'stop', null, {}), { code: 'BAD_USAGE' });
  await t.rejects(a.call(b.address, 'constructor', null, {}), { code: 'NO_SUCH_HANDLER' });
  t.equal(b.list().length, before);
});

t.test('a start whose caller gave up meanwhile is undone on the other node', async (t) => {
  const { opened, open } = gate();
  const slow = defineActor({ name: 'slow', init: async () => (await opened, null) });
  const { a, b } = await pairOfNodes(t, [slow]);
  const controller = new AbortController();
  const spec = { definition: 'slow', args: null, restart: 'temporary', placement: 'same' } as const;
  const call = a.call(b.address, 'start', spec, { signal: controller.signal });
  await settle();
  controller.abort();
  await t.rejects(call, { code: 'CALL_CANCELLED' });
  await settle();
  open();
  await settle();
  t.equal(b.list().length, 3);
});

t.test('a child stopped while the order to restart it is on its way is revived for nobody', async (t) => {
  const { child, clock, a, b, infos } = await world(t);
  child.cast('crash');
  await settle();
  // The restart leaves `a` in the same moment in which somebody ends the child on `b`: the two pass each other.
  clock.advance(10);
  b.deliver({
    kind: 'signal',
    to: child.address,
    from: b.address,
    signal: { type: 'stop', reason: { class: 'shutdown', message: 'by hand' } },
  });
  await settle();
  t.match(infos, [{ type: 'exit', child: child.address }]);
  t.notOk(b.list().some(({ address }) => address === child.address));
  t.equal(a.report().pendingCalls, 0);
});

t.test('an actor that fails and whose supervisor is gone from a living node ends', async (t) => {
  const { b } = await world(t);
  const parent = 'a@a1/0/999' as ActorAddress;
  const spec = { definition: 'worker', args: { start: 1 }, restart: 'permanent', placement: 'same', parent } as const;
  const orphan = await b.start(spec, undefined);
  b.deliver({ kind: 'cast', to: orphan, from: b.address, name: 'crash', message: null });
  await settle();
  t.notOk(b.list().some(({ address }) => address === orphan));
});

t.test('a node that goes down while a parent ends: none of its children is waited for', async (t) => {
  const leaf = defineActor({ name: 'leaf', init: () => null });
  const root = defineActor({
    name: 'root',
    init: () => null,
    calls: {
      grow: async (_state, _message: null, ctx): Promise<void> => {
        for (let n = 0; n < 3; n += 1) await ctx.spawn(leaf, undefined, { node: 'b' });
      },
    },
  });
  const { a, cut } = await pairOfNodes(t, [leaf, root]);
  const spec = { definition: 'root', args: null, restart: 'temporary', placement: 'same' } as const;
  const address = await a.start(spec, undefined);
  await a.call(address, 'grow', null, {});
  cut();
  const stop = { type: 'stop', reason: { class: 'shutdown', message: 'enough' } } as const;
  a.deliver({ kind: 'signal', to: address, from: a.address, signal: stop });
  await settle();
  t.ok(
    a.list().some((actor) => actor.address === address && actor.status === 'stopping'),
    'it waits for a child',
  );
  a.nodeDown('b', 'b1');
  // The clock stands still: whatever waits for a time to pass would be there for ever.
  await settle();
  t.notOk(a.list().some((actor) => actor.address === address));
});
