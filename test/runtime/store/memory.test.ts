/** The twin in memory: the contract, and the disks that it can be. */
import { memoryStore } from '#runtime';
import type { Store } from '#runtime/store/store';
import t from 'tap';
import { allEvents, append, claim, storeContract } from './contract.js';

storeContract(t, 'memory', () => {
  const memory = memoryStore();
  return { open: () => memory.open() };
});

/** Saves something under `process`. */
function save(store: Store, key: string): void {
  const epoch = claim(store, key, 'process');
  store.commit([{ type: 'save', key, epoch, after: 0, bytes: Buffer.from('s') }], 'process');
}

t.test('a power cut takes what was not flushed, and nothing of what a commit under disk has returned', async (t) => {
  const memory = memoryStore();
  const store = memory.open();
  const epoch = claim(store, 'k');
  append(store, 'k', epoch, 0, 'one');
  save(store, 'p');
  memory.failNextFlush();
  t.throws(() => append(store, 'k', epoch, 1, 'two'), { code: 'STORE_FAILED', message: /EIO/ });
  memory.crash('power');
  const again = memory.open();
  t.same(allEvents(again, 'k'), ['1 one'], 'what was acknowledged is there, what was refused is not');
  t.equal(again.load('p', 'process'), undefined, 'process promised nothing against it');
});

t.test('the end of the process takes nothing that was committed', async (t) => {
  const memory = memoryStore();
  const store = memory.open();
  append(store, 'k', claim(store, 'k'), 0, 'one');
  save(store, 'p');
  memory.crash('process');
  t.throws(() => store.events('k', 1, 'disk'), /closed by a crash/);
  const again = memory.open();
  t.same(allEvents(again, 'k'), ['1 one']);
  t.ok(again.load('p', 'process'));
});

t.test('after a failed flush a store answers nothing until it is opened again', async (t) => {
  const memory = memoryStore();
  const store = memory.open();
  const epoch = claim(store, 'k');
  memory.failNextFlush();
  t.throws(() => append(store, 'k', epoch, 0, 'one'), { code: 'STORE_FAILED' });
  for (const ask of [
    () => append(store, 'k', epoch, 0, 'one'),
    () => store.load('k', 'disk'),
    () => store.events('k', 1, 'disk'),
    () => store.contents(),
    () => claim(store, 'other', 'process'),
  ])
    t.throws(ask, { code: 'STORE_FAILED' });
  const again = memory.open();
  t.match(append(again, 'k', claim(again, 'k'), again.load('k', 'disk')?.head.seq ?? 0, 'one'), { ok: true });
});

t.test('a damaged record is refused, not returned', async (t) => {
  for (let round = 0; round < 50; round += 1) {
    const memory = memoryStore();
    const store = memory.open();
    append(store, 'k', claim(store, 'k'), 0, 'one', 'two', 'three');
    memory.damage(round / 50);
    const again = memory.open();
    t.throws(
      () => {
        again.load('k', 'disk');
        claim(again, 'k');
      },
      { code: 'STORE_CORRUPT', message: /does not carry its checksum/ },
    );
  }
});
