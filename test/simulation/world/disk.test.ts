/** What a disk keeps and loses: kill -9, power loss, torn and rotten records, a full disk, a sync that fails or is slow. */
import fc from 'fast-check';
import t from 'tap';
import { DiskFull } from '#runtime/simulation/disk';
import { bare, packet } from './bare.js';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');

type Step =
  | { readonly type: 'write'; readonly key: string; readonly value: string }
  | { readonly type: 'remove'; readonly key: string }
  | { readonly type: 'sync' }
  | { readonly type: 'wait' };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    key,
    value: fc.string({ minLength: 1, maxLength: 6, unit: 'binary-ascii' }),
  }),
  fc.record({ type: fc.constant('remove' as const), key }),
  fc.constant({ type: 'sync' as const }),
  fc.constant({ type: 'wait' as const }),
);

/** The records that writes and removals come to. */
function recordsOf(changes: readonly Step[]): Map<string, string> {
  const records = new Map<string, string>();
  for (const change of changes) {
    if (change.type === 'write') records.set(change.key, change.value);
    if (change.type === 'remove') records.delete(change.key);
  }
  return records;
}

/** Does the steps on a disk; says how many changes there were, and how many a sync that is done covered. */
function perform(list: readonly Step[], seed: number, tearing: number) {
  const { world, until } = bare({ seed, size: 1, knobs: { tearing } });
  const disk = world.disk(0);
  const changes: Step[] = [];
  let synced = 0;
  for (const each of list) {
    if (each.type === 'wait') until(world.nowUs + 1_500);
    else if (each.type === 'sync') {
      const upTo = changes.length;
      disk.sync(() => (synced = Math.max(synced, upTo)));
    } else {
      changes.push(each);
      if (each.type === 'write') disk.write(each.key, Buffer.from(each.value, 'latin1'));
      else disk.remove(each.key);
    }
  }
  return { world, disk, changes, synced };
}

const equal = (one: Map<string, string>, other: Map<string, string>): boolean =>
  one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);

const readAll = (disk: { keys(): readonly string[]; read(name: string): Uint8Array | undefined }) =>
  new Map(disk.keys().map((name) => [name, text(disk.read(name)) ?? '']));

t.test('power loss keeps all that was synced, a prefix of the rest and at most one torn record', async (t) => {
  let lost = 0;
  let torn = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(10_000), (list, seed) => {
      const { world, disk, changes, synced } = perform(list, seed, 0.5);
      world.crash(0, true);
      world.restart(0);
      const found = readAll(disk);
      // A dumb twin: one of the prefixes that the sync allows, as it is or with the next record cut short.
      for (let kept = synced; kept <= changes.length; kept += 1) {
        const whole = recordsOf(changes.slice(0, kept));
        if (equal(found, whole)) {
          lost += kept < changes.length ? 1 : 0;
          return true;
        }
        const edge = changes[kept];
        if (edge?.type !== 'write') continue;
        const piece = found.get(edge.key) ?? '';
        if (piece.length >= edge.value.length || !edge.value.startsWith(piece)) continue;
        if (equal(found, new Map([...whole, [edge.key, piece]]))) {
          torn += 1;
          return true;
        }
      }
      return false;
    }),
    { numRuns: 500 },
  );
  t.ok(lost > 50 && torn > 10, `${lost} lost something, ${torn} tore a record`);
});

t.test('power loss keeps nothing of what was not synced in some worlds, and all of it in others', async (t) => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 200; seed += 1) {
    const { world, disk } = perform(
      ['a', 'b', 'c'].map((name): Step => ({ type: 'write', key: name, value: 'x' })),
      seed,
      0,
    );
    world.crash(0, true);
    kept.add(disk.keys().length);
  }
  t.same(kept, new Set([0, 1, 2, 3]));
});

t.test('kill -9 loses nothing that was written, synced or not', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(10_000), (list, seed) => {
      const { world, disk, changes } = perform(list, seed, 1);
      world.crash(0, false);
      const whole = recordsOf(changes);
      if (!equal(readAll(disk), whole)) return false;
      // What the next life finds is flushed, so that it may act on it.
      world.restart(0);
      world.crash(0, true);
      return equal(readAll(disk), whole);
    }),
  );
  t.pass();
});

t.test('a power loss while a killed process is down takes what it had written and not synced', async (t) => {
  let lost = 0;
  for (let seed = 1; seed <= 50; seed += 1) {
    const { world } = bare({ seed });
    world.disk(0).write('a', packet(7));
    world.crash(0, false);
    world.crash(0, true);
    world.restart(0);
    if (world.disk(0).read('a') === undefined) lost += 1;
  }
  t.ok(lost > 10 && lost < 40, `${lost} of 50 lost it`);
});

t.test('a sync that was not done when the node crashed is never reported as done', async (t) => {
  for (const power of [false, true]) {
    const { world, until } = bare();
    let done = 0;
    world.disk(0).write('a', packet(1));
    world.disk(0).sync(() => (done += 1));
    world.crash(0, power);
    world.restart(0);
    until(1e6);
    t.equal(done, 0);
  }
});

t.test('syncs are done in their order, also when the node hung while they were', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, until } = bare({ seed });
    const done: number[] = [];
    world.pause(0);
    for (let number = 0; number < 8; number += 1) {
      world.disk(0).write('a', packet(number));
      world.disk(0).sync(() => done.push(number));
    }
    until(world.nowUs + 500 * seed);
    world.resume(0);
    until(1e6);
    t.same(done, [0, 1, 2, 3, 4, 5, 6, 7]);
  }
});

t.test('a wiped disk has nothing, before and after a restart', async (t) => {
  const { world, until } = bare();
  world.disk(0).write('a', packet(1));
  world.disk(0).sync(() => {});
  until(1e6);
  world.disk(0).write('b', packet(2));
  world.crash(0, false);
  world.disk(0).wipe();
  t.same(world.disk(0).keys(), []);
  world.restart(0);
  t.same(world.disk(0).keys(), []);
});

t.test('a full disk refuses writes, takes removals, and has room again when every fault gave it back', async (t) => {
  const { world } = bare();
  const disk = world.disk(0);
  disk.write('a', packet(1));
  disk.setFull(true);
  disk.setFull(true);
  t.throws(() => disk.write('b', packet(2)), DiskFull);
  disk.remove('a');
  t.same(disk.keys(), []);
  disk.setFull(false);
  t.throws(() => disk.write('b', packet(2)), DiskFull);
  disk.setFull(false);
  disk.write('b', packet(2));
  t.same(disk.keys(), ['b']);
});

t.test('records of a disk that rots come back changed by one bit, and stay so', async (t) => {
  const { world } = bare({ knobs: { corruption: 1 } });
  const disk = world.disk(0);
  disk.write('a', Uint8Array.of(0, 0, 0, 0));
  world.crash(0, false);
  world.restart(0);
  const changed = disk.read('a') ?? new Uint8Array();
  const bits = [...changed].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  t.equal(bits, 1);
  disk.knobs = { ...disk.knobs, corruption: 0 };
  world.crash(0, true);
  world.restart(0);
  t.same(disk.read('a'), changed);
});
