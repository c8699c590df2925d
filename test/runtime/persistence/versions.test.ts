/** Definitions that change while their events stay: migrations of events and snapshots, and what is refused. */
import { defineActor, type EventSourcing, memoryStore, type MemoryStore } from '#runtime';
import t, { type Test } from 'tap';
import { storedSystem } from './support.js';

interface State {
  total: number;
  log: string[];
}

/** The account in one of its versions. */
function account<Event>(rules: Omit<EventSourcing<null, State, Event>, 'key'>) {
  return defineActor({
    name: 'account',
    init: (_args: null): State => ({ total: 0, log: [] }),
    persistence: { key: () => 'k', ...rules },
    calls: {
      put: async (_state, event: Event, ctx): Promise<State> => structuredClone(await ctx.persist(event)),
      get: (state) => structuredClone(state),
    },
  });
}

/** Runs one version of the account over what is stored, in a life of the node of its own. */
async function life<T>(
  t: Test,
  store: MemoryStore,
  definition: ReturnType<typeof account<unknown>>,
  run: (call: (event?: unknown) => Promise<State>) => Promise<T>,
): Promise<T> {
  const { system } = await storedSystem(t, store, { definitions: [definition] });
  try {
    const ref = await system.spawn(definition, null);
    return await run((event) => (event === undefined ? ref.call('get') : ref.call('put', event)));
  } finally {
    await system.shutdown();
  }
}

const first = account<unknown>({
  snapshotEvery: 3,
  apply: (state, event) => {
    state.total += event as number;
    state.log.push(`v1 ${String(event)}`);
  },
});

const applySecond = (state: State, event: unknown): void => {
  const { cents } = event as { cents: number };
  state.total += cents;
  state.log.push(`v2 ${cents}`);
};

t.test('events and snapshots of older versions are migrated, one to one, to several or to none', async (t) => {
  const store = memoryStore();
  await life(t, store, first, async (call) => {
    for (const amount of [1, 2, 3, 4, 0, 7].slice(0, 3)) await call(amount);
  });
  await life(t, store, first, async (call) => {
    for (const amount of [4, 0]) await call(amount);
  });
  const second = account<unknown>({
    version: 2,
    snapshotEvery: 100,
    apply: applySecond,
    migrate: (event: number, from) => {
      t.equal(from, 1);
      if (event === 0) return [];
      return event === 4 ? [{ cents: 150 }, { cents: 250 }] : { cents: event * 100 };
    },
    migrateState: (state: State, from) => ({ total: state.total * 100, log: [`migrated from ${from}`] }),
  });
  const state = await life(t, store, second, (call) => call({ cents: 5 }));
  t.same(state, { total: 600 + 400 + 5, log: ['migrated from 1', 'v2 150', 'v2 250', 'v2 5'] });
  t.same(await life(t, store, second, (call) => call()), state, 'and again from what both versions stored');
});

t.test('what cannot be read is refused with its place, and stays as it is', async (t) => {
  const store = memoryStore();
  const plain = account<unknown>({ snapshotEvery: 0, apply: (state, event) => void (state.total += event as number) });
  await life(t, store, plain, async (call) => {
    await call(1);
    await call(2);
  });
  const refused = (definition: ReturnType<typeof account<unknown>>, message: RegExp) =>
    t.rejects(
      life(t, store, definition, (call) => call()),
      { code: 'INIT_FAILED', facts: { cause: 'BAD_EVENT' }, message },
      String(message),
    );
  await refused(
    account<unknown>({ version: 2, apply: applySecond }),
    /event 1 of account\/k is of version 1.*has no migrate/,
  );
  await refused(
    account<unknown>({
      version: 2,
      apply: applySecond,
      migrate: () => {
        throw new Error('lost the map');
      },
    }),
    /event 1 of account\/k could not be migrated: lost the map/,
  );
  await refused(
    account<unknown>({
      apply: (state, event) => {
        if (event === 2) throw new Error('cannot take a two');
        state.total += 1;
      },
    }),
    /event 2 of account\/k could not be applied: cannot take a two/,
  );
  const asynchronous = { apply: async () => {} } as unknown as { apply: () => undefined };
  await refused(account<unknown>(asynchronous), /may not wait/);
  t.same(await life(t, store, plain, (call) => call()), { total: 3, log: [] }, 'nothing was changed by the refusals');
  await life(t, store, account<unknown>({ version: 3, apply: () => {}, migrate: () => [] }), (call) =>
    call({ newest: true }),
  );
  await refused(plain, /event 3 of account\/k is of version 3, and the definition of version 1/);
});

t.test('a snapshot of an older version without its migration is refused', async (t) => {
  const store = memoryStore();
  await life(t, store, first, async (call) => {
    for (const amount of [1, 2, 3]) await call(amount);
  });
  const second = account<unknown>({ version: 2, apply: applySecond, migrate: () => [] });
  await t.rejects(
    life(t, store, second, (call) => call()),
    { code: 'INIT_FAILED', message: /the snapshot of account\/k is of version 1.*has no migrateState/ },
  );
});
