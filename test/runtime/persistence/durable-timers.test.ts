/** Timers that are stored: they outlive the life in which they were set, and fire at least once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ActorRef, memoryStore, type MemoryStore } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { alarm } from '#test/testdata/actors/ledger';
import { settle } from '../support.js';
import { storedSystem } from './support.js';

/** A life of a node with an alarm; `told` are the lines that its handler wrote, through all lives of the test. */
async function alarmed(t: Test, store: MemoryStore, file: string, startMs = 0) {
  const { system, clock } = await storedSystem(t, store);
  // A virtual clock begins at one time of day: a later life of the node begins later.
  clock.advance(startMs);
  const ref = await system.spawn(alarm, { key: 'k', file });
  return { system, clock, ref };
}

function told(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

const dueAt = (clock: { wall(): number }, key: string, inMs: number): string => `${key}@${clock.wall() + inMs}`;

async function rung(ref: ActorRef<typeof alarm>, times: number): Promise<void> {
  await eventually(`${times} handled`, async () => (await ref.call('rings')) === times);
}

t.test('a durable timer fires once, at its time', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const { ref, clock } = await alarmed(t, memoryStore(), file);
  const due = dueAt(clock, 'tea', 180_000);
  await ref.call('set', { delayMs: 180_000, key: 'tea' });
  clock.advance(179_999);
  await settle();
  t.same(told(file), []);
  clock.advance(1);
  await rung(ref, 1);
  clock.advance(1_000_000);
  await settle();
  t.same(told(file), [due]);
});

t.test('it survives a crash of its actor, and fires in the next life', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const { ref, clock } = await alarmed(t, memoryStore(), file);
  const due = dueAt(clock, 'tea', 60_000);
  await ref.call('set', { delayMs: 60_000, key: 'tea' });
  ref.cast('crash');
  await settle();
  clock.advance(30_000);
  t.equal(await ref.call('rings'), 0);
  clock.advance(30_000);
  await rung(ref, 1);
  t.same(told(file), [due]);
});

t.test(
  'one that fell due while its node was down fires once after the start, with the time at which it was due',
  async (t) => {
    const file = join(t.testdir(), 'told.txt');
    const store = memoryStore();
    const first = await alarmed(t, store, file);
    const expected = [dueAt(first.clock, 'late', 5_000), dueAt(first.clock, 'later', 7_200_000)];
    await first.ref.call('set', { delayMs: 5_000, key: 'late' });
    await first.ref.call('set', { delayMs: 7_200_000, key: 'later' });
    store.crash('power');
    const second = await alarmed(t, store, file, 3_600_000);
    await rung(second.ref, 1);
    t.same(told(file), expected.slice(0, 1), 'an hour later the one is overdue');
    second.clock.advance(3_600_000);
    await rung(second.ref, 2);
    t.same(told(file), expected, 'and the other keeps its time');
    await second.system.shutdown();
    const third = await alarmed(t, store, file, 20_000_000);
    await settle();
    t.equal(await third.ref.call('rings'), 2, 'what was handled is not told again');
  },
);

t.test('one whose handler fails is told again in the next life: at least once', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const { ref, clock } = await alarmed(t, memoryStore(), file);
  const due = dueAt(clock, 'tea', 1_000);
  await ref.call('set', { delayMs: 1_000, key: 'tea' });
  await ref.call('fail', 1);
  clock.advance(1_000);
  await eventually('the handler failed', () => told(file).length === 1);
  await settle();
  clock.advance(1_000);
  await rung(ref, 1);
  t.same(told(file), [due, due]);
});

t.test('a periodic one goes on through lives, and tells of periods that passed meanwhile once', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const store = memoryStore();
  const first = await alarmed(t, store, file);
  const expected = [1, 2, 3, 11].map((periods) => dueAt(first.clock, 'tick', periods * 60_000));
  await first.ref.call('repeat', { periodMs: 60_000, key: 'tick' });
  for (const rings of [1, 2]) {
    first.clock.advance(60_000);
    await rung(first.ref, rings);
  }
  await first.system.shutdown();
  const second = await alarmed(t, store, file, 630_000);
  await rung(second.ref, 3);
  await settle();
  second.clock.advance(30_000);
  await rung(second.ref, 4);
  t.same(
    told(file),
    expected,
    'the third period, overdue, stands for all that were missed; the eleventh is on the beat',
  );
});

t.test('a timer that is cancelled or set again fires no more at its old time', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const store = memoryStore();
  const { ref, clock, system } = await alarmed(t, store, file);
  await ref.call('set', { delayMs: 1_000, key: 'gone' });
  await ref.call('set', { delayMs: 1_000, key: 'moved' });
  await ref.call('cancel', 'gone');
  await ref.call('cancel', 'never set');
  const due = dueAt(clock, 'moved', 5_000);
  await ref.call('set', { delayMs: 5_000, key: 'moved' });
  clock.advance(4_999);
  await settle();
  t.same(told(file), []);
  clock.advance(1);
  await rung(ref, 1);
  t.same(told(file), [due]);
  await system.shutdown();
  t.same(store.open().load('alarm/k', 'disk')?.documents, [], 'and nothing of them is left');
});

t.test('what no timer can be is refused', async (t) => {
  const { ref } = await alarmed(t, memoryStore(), join(t.testdir(), 'told.txt'));
  for (const [delayMs, key] of [
    [1, ''],
    [1, 'x'.repeat(201)],
    [1, 'a\u0000b'],
    [Number.NaN, 'k'],
    [Number.POSITIVE_INFINITY, 'k'],
  ] as const)
    await t.rejects(ref.call('set', { delayMs, key }), { code: 'BAD_USAGE' }, `${delayMs} ${JSON.stringify(key)}`);
  for (let count = 0; count < 1_000; count += 1) await ref.call('set', { delayMs: 1e9, key: `t${count}` });
  await t.rejects(ref.call('set', { delayMs: 1e9, key: 'one more' }), { code: 'BAD_USAGE', message: /1000/ });
});
