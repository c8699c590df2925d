/** Event-sourced actors over a store in memory: what is stored, what comes back, and what a failure leaves. */
import { defineActor, memoryStore } from '#runtime';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { logbook, tally } from '#test/testdata/actors/ledger';
import { settle } from '../support.js';
import { storedSystem } from './support.js';

t.test('a crash loses no stored event: the state is what init, the snapshot and the events give', async (t) => {
  const { system, clock, store } = await storedSystem(t);
  const ref = await system.spawn(tally, { key: 'k' });
  for (let count = 1; count <= 25; count += 1) t.equal(await ref.call('add', { amount: 1 }), count);
  ref.cast('crash');
  await settle();
  clock.advance(1_000);
  t.same(await ref.call('get'), { count: 25, applied: 25, notes: [] });
  const [summary] = (await system.list()).filter(({ definition }) => definition === 'tally');
  t.equal(summary?.incarnation, 2);
  t.equal(await ref.call('add', { amount: 1 }), 26);
  await system.shutdown();
  const contents = store.open().contents();
  t.ok(contents.events < 10, `${contents.events} events are left: the snapshots took the place of the others`);
});

t.test('a later life of the node reads back what an earlier one stored, with whatever key', async (t) => {
  const store = memoryStore();
  for (const life of [1, 2, 3]) {
    const { system } = await storedSystem(t, store);
    for (const key of ['a', 'b/c', 'ü 1']) {
      const ref = await system.spawn(tally, { key });
      t.equal(await ref.call('add', { amount: 1 }), life, key);
    }
    await system.shutdown();
    store.crash(life === 1 ? 'process' : 'power');
  }
});

t.test('mail that arrives during the replay waits for its end', async (t) => {
  const store = memoryStore();
  const first = await storedSystem(t, store);
  const book = await first.system.spawn(logbook, { key: 'k' });
  const written = await book.call('fill', { entries: 5_000, batch: 500 });
  t.equal(written.entries, 5_000);
  await first.system.shutdown();
  const { system } = await storedSystem(t, store);
  const starting = system.spawn(logbook, { key: 'k' }, { name: 'book' });
  let early;
  await eventually(
    'it has its name while it replays',
    async () => (early = await system.lookup(logbook, 'book')) !== undefined,
  );
  const asked = (early as typeof book | undefined)?.call('get');
  t.equal((await system.list()).find(({ name }) => name === 'book')?.status, 'starting');
  t.same(await asked, written, 'what was asked meanwhile is answered from the whole state');
  await starting;
});

t.test(
  'an event that is not plain data or not of the schema is refused; nothing is stored and the actor goes on',
  async (t) => {
    const { system } = await storedSystem(t);
    const ref = await system.spawn(tally, { key: 'k' });
    await ref.call('add', { amount: 1 });
    await t.rejects(ref.call('bad', { type: 'added', amount: 'much' }), { code: 'BAD_MESSAGE', message: /amount/ });
    await t.rejects(ref.call('bad', { type: 'unheard of' }), { code: 'BAD_MESSAGE' });
    await t.rejects(ref.call('bad', { type: 'noted', text: 'x'.repeat(17 << 20) }), { code: 'FRAME_TOO_LARGE' });
    await t.rejects(
      ref.call('bad', [
        { type: 'added', amount: 1 },
        { type: 'added', amount: null },
      ]),
      { code: 'BAD_MESSAGE' },
      'of several, all or none',
    );
    t.same(await ref.call('get'), { count: 1, applied: 1, notes: [] });
    t.equal(await ref.call('add', { amount: 1 }), 2);
    const [summary] = (await system.list()).filter(({ definition }) => definition === 'tally');
    t.equal(summary?.incarnation, 1, 'without a restart');
  },
);

t.test('when the flush fails nobody is told that it was stored, not even by a handler that did not wait', async (t) => {
  for (const call of ['add', 'hasty'] as const) {
    const fatal: string[] = [];
    const { system, store } = await storedSystem(t, memoryStore(), { onFatal: (error) => fatal.push(error.code) });
    const ref = await system.spawn(tally, { key: 'k' });
    await ref.call('add', { amount: 1 });
    store.failNextFlush();
    await t.rejects(ref.call(call, { amount: 1 }), { code: 'STORE_FAILED' }, call);
    t.same(fatal, ['STORE_FAILED'], 'and the node hears that it cannot go on');
    await system.shutdown();
    store.crash('power');
    const { system: next } = await storedSystem(t, store);
    t.equal(await (await next.spawn(tally, { key: 'k' })).call('add', { amount: 1 }), 2);
  }
});

t.test('a reply is never faster than what its handler persists', async (t) => {
  const { system, store } = await storedSystem(t);
  const ref = await system.spawn(tally, { key: 'k' });
  await ref.call('hasty', { amount: 1 });
  store.crash('power');
  t.equal(store.open().load('tally/k', 'disk')?.head.seq, 1);
});

t.test('of two activations of one key the newer one writes; the older is refused, and ends for good', async (t) => {
  const { system } = await storedSystem(t);
  const old = await system.spawn(tally, { key: 'k' });
  await old.call('add', { amount: 1 });
  const young = await system.spawn(tally, { key: 'k' });
  t.equal(await young.call('add', { amount: 1 }), 2);
  await t.rejects(old.call('add', { amount: 100 }), { code: 'STORE_FENCED' });
  await eventually('it is gone', async () => !(await system.list()).some(({ address }) => address === old.address));
  t.equal(await young.call('add', { amount: 1 }), 3, 'and the newer one has lost nothing');
});

t.test(
  'a command whose id is remembered is not carried out again, through crashes, snapshots and later lives',
  async (t) => {
    const store = memoryStore();
    const { system, clock } = await storedSystem(t, store);
    const ref = await system.spawn(tally, { key: 'k' });
    t.equal(await ref.call('add', { amount: 5, id: 'first' }), 5);
    t.equal(await ref.call('add', { amount: 5, id: 'first' }), 5, 'at once');
    ref.cast('crash');
    await settle();
    clock.advance(1_000);
    t.equal(await ref.call('add', { amount: 5, id: 'first' }), 5, 'after a crash');
    for (let count = 0; count < 30; count += 1) await ref.call('add', { amount: 1, id: `other ${count}` });
    t.equal(await ref.call('add', { amount: 5, id: 'first' }), 35, 'after snapshots');
    await system.shutdown();
    const next = await storedSystem(t, store);
    t.equal(
      await (await next.system.spawn(tally, { key: 'k' })).call('add', { amount: 5, id: 'first' }),
      35,
      'in a later life',
    );
  },
);

t.test('ids are remembered up to the bound, the newest', async (t) => {
  const forgetful = defineActor({
    name: 'forgetful',
    init: (_args: null) => ({ count: 0 }),
    persistence: {
      key: () => 'k',
      rememberIds: 3,
      apply: (state, _event: 'added') => {
        state.count += 1;
      },
    },
    calls: {
      add: async (_state, id: string, ctx): Promise<number> => (await ctx.persist('added', { id })).count,
      knows: (_state, id: string, ctx) => ctx.persisted(id),
    },
  });
  const { system } = await storedSystem(t, memoryStore(), { definitions: [forgetful] });
  const ref = await system.spawn(forgetful, null);
  for (const id of ['a', 'b', 'c', 'd']) await ref.call('add', id);
  t.same(await Promise.all(['a', 'b', 'c', 'd'].map((id) => ref.call('knows', id))), [false, true, true, true]);
  t.equal(await ref.call('add', 'd'), 4);
  t.equal(await ref.call('add', 'a'), 5, 'what is forgotten is a new command');
  await t.rejects(ref.call('add', ''), { code: 'BAD_USAGE' });
});

t.test('erase deletes everything of an actor and stops it; one that is spawned again begins anew', async (t) => {
  const { system, store } = await storedSystem(t);
  const ref = await system.spawn(tally, { key: 'k' });
  await ref.call('add', { amount: 5, id: 'x' });
  await ref.call('erase');
  await eventually('it is gone', async () => !(await system.list()).some(({ address }) => address === ref.address));
  const again = await system.spawn(tally, { key: 'k' });
  t.equal(await again.call('add', { amount: 1, id: 'x' }), 1);
  await system.shutdown();
  t.equal(store.open().contents().keys, 1);
});

t.test('an apply that gives a new state, and events kept from before a snapshot', async (t) => {
  const pure = defineActor({
    name: 'pure',
    init: (_args: null): { readonly total: number } => ({ total: 0 }),
    persistence: {
      key: () => 'k',
      snapshotEvery: 5,
      keepEvents: 8,
      apply: (state, event: { readonly plus: number }) => ({ total: state.total + event.plus }),
    },
    calls: {
      plus: async (_state, plus: number, ctx): Promise<number> => (await ctx.persist({ plus })).total,
      total: (state) => state.total,
    },
  });
  const { system, store, clock } = await storedSystem(t, memoryStore(), { definitions: [pure] });
  const ref = await system.spawn(pure, null);
  for (let count = 1; count <= 20; count += 1) t.equal(await ref.call('plus', 2), 2 * count);
  t.equal(await ref.call('total'), 40);
  await settle();
  await system.shutdown();
  clock.advance(1);
  const { head } = store.open().load('pure/k', 'disk') ?? {};
  t.match(head, { seq: 20, snapshotSeq: 20, first: 13 });
});

t.test('what is declared or used wrongly is refused by name', async (t) => {
  const apply = (): void => {};
  const wrong = (persistence: object) => () =>
    defineActor({ name: 'w', init: () => 0, persistence: { key: () => 'k', apply, ...persistence } });
  for (const [field, options] of [
    ['version', { version: 0 }],
    ['snapshotEvery', { snapshotEvery: -1 }],
    ['keepEvents', { keepEvents: 1.5 }],
    ['rememberIds', { rememberIds: Number.NaN }],
    ['sync', { sync: 'tape' }],
  ] as const)
    t.throws(wrong(options), { code: 'BAD_CONFIG', facts: { field: `persistence.${field}` } }, field);
  t.throws(
    () =>
      defineActor({ name: 'w', init: () => 0, persistence: { key: () => 'k', apply }, durable: { key: () => 'k' } }),
    {
      code: 'BAD_CONFIG',
    },
  );

  const mapped = defineActor({ name: 'mapped', init: () => new Map(), persistence: { key: () => 'k', apply } });
  const nameless = defineActor({ name: 'nameless', init: () => 0, persistence: { key: () => 'a\nb', apply } });
  const plain = defineActor({
    name: 'plain',
    init: () => 0,
    calls: { persist: (_state, _message: undefined, ctx) => ctx.persist(1) },
  });
  const early = defineActor({
    name: 'early',
    init: (_args: null, ctx) => ctx.persist(1),
    persistence: { key: () => 'k', apply },
  });
  const definitions = [mapped, nameless, plain, early, tally];
  const { system } = await storedSystem(t, memoryStore(), { definitions });
  await t.rejects(system.spawn(mapped, null), { code: 'INIT_FAILED', message: /snapshotEvery to 0/ });
  await t.rejects(system.spawn(nameless, null), { code: 'INIT_FAILED', facts: { cause: 'BAD_NAME' } });
  await t.rejects(system.spawn(early, null), { code: 'INIT_FAILED', facts: { cause: 'BAD_USAGE' } });
  await t.rejects((await system.spawn(plain, null)).call('persist'), { code: 'BAD_USAGE' });
  const { ActorSystem } = await import('#runtime');
  const storeless = await ActorSystem.create({ definitions: [tally], log: { level: 'silent', format: 'json' } });
  await t.rejects(storeless.spawn(tally, { key: 'k' }), { code: 'INIT_FAILED', facts: { cause: 'STORE_MISSING' } });
  await storeless.shutdown();
});
