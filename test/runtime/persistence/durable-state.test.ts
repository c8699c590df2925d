/** Actors whose whole state is saved on request. */
import { memoryStore } from '#runtime';
import t from 'tap';
import { draft } from '#test/testdata/actors/ledger';
import { settle } from '../support.js';
import { storedSystem } from './support.js';

t.test('a restart brings back the state last saved, and nothing newer', async (t) => {
  const { system, clock } = await storedSystem(t);
  const ref = await system.spawn(draft, { key: 'k' });
  t.equal(await ref.call('write', 'one'), 1);
  t.equal(await ref.call('write', 'two'), 2);
  await ref.call('scribble', 'never saved');
  t.same(await ref.call('get'), { text: 'never saved', revision: 2 });
  ref.cast('crash');
  await settle();
  clock.advance(1_000);
  t.same(await ref.call('get'), { text: 'two', revision: 2 });
  t.equal(await ref.call('write', 'three'), 3);
});

t.test('a later life of the node has it too, also after a power cut', async (t) => {
  const store = memoryStore();
  const first = await storedSystem(t, store);
  await (await first.system.spawn(draft, { key: 'k' })).call('write', 'kept');
  store.crash('power');
  const second = await storedSystem(t, store);
  const ref = await second.system.spawn(draft, { key: 'k' });
  t.same(await ref.call('get'), { text: 'kept', revision: 1 });
});

t.test('a save that fails is told, and the state that was not saved is given up', async (t) => {
  const { system, store } = await storedSystem(t, memoryStore(), { onFatal: () => {} });
  const ref = await system.spawn(draft, { key: 'k' });
  await ref.call('write', 'kept');
  store.failNextFlush();
  await t.rejects(ref.call('write', 'lost'), { code: 'STORE_FAILED' });
  store.crash('power');
  const next = await storedSystem(t, store);
  t.same(await (await next.system.spawn(draft, { key: 'k' })).call('get'), { text: 'kept', revision: 1 });
});

t.test('an older activation cannot overwrite what a newer one has saved', async (t) => {
  const { system } = await storedSystem(t);
  const old = await system.spawn(draft, { key: 'k' });
  await old.call('write', 'old');
  const young = await system.spawn(draft, { key: 'k' });
  await young.call('write', 'young');
  await t.rejects(old.call('write', 'zombie'), { code: 'STORE_FENCED' });
  t.equal((await young.call('get')).text, 'young');
});
