// The records of a Raft node on a disk that loses and tears what was not synced, and rots.
import t from 'tap';
import type { Persist } from '#protocols/raft/effect';
import type { Entry, HardState } from '#protocols/raft/types';
import { calm } from '#runtime/simulation/knobs';
import { type Recovered, Storage } from '#runtime/simulation/raft/storage';
import { World } from '#runtime/simulation/world';
import { Random } from '#runtime/testing/random';

/** What the storage is to hold after a batch. */
interface Image {
  readonly hardState: HardState;
  readonly snapshot: number;
  readonly entries: readonly Entry[];
}

const blank: Image = {
  hardState: { term: 0, vote: undefined, commit: 0, damaged: false, amnesiac: false },
  snapshot: 0,
  entries: [],
};

function worldOf(seed: number): World {
  return new World({
    seed,
    size: 1,
    knobs: { ...calm, tearing: 0.7 },
    keep: 0,
    receive: () => undefined,
    words: () => '',
  });
}

function image({ hardState, snapshot, entries }: Recovered): Image {
  const above = entries.filter(({ index }) => index > (snapshot?.index ?? 0));
  return { hardState, snapshot: snapshot?.index ?? 0, entries: above.map(({ index, term }) => noop(index, term)) };
}

function noop(index: number, term: number): Entry {
  return { type: 'noop', index, term };
}

/** Draws what a node may ask to be written after `before`. */
function drawBatch(random: Random, before: Image): { readonly persist: Persist; readonly after: Image } {
  const last = before.snapshot + before.entries.length;
  const term = Math.max(1, before.hardState.term + (random.chance(0.3) ? 1 : 0));
  const hardState =
    random.chance(0.6) || term > before.hardState.term ? { ...before.hardState, term, vote: `v${term}` } : undefined;
  const installs = random.chance(0.1);
  const snapshot = installs
    ? {
        index: last + random.between(1, 5),
        term,
        config: { voters: ['1'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
      }
    : undefined;
  const kept =
    snapshot !== undefined
      ? []
      : before.entries.slice(
          0,
          before.entries.length - (random.chance(0.3) ? random.below(before.entries.length + 1) : 0),
        );
  const base = snapshot?.index ?? before.snapshot;
  const entries = Array.from({ length: random.below(4) }, (_, at) => noop(base + kept.length + 1 + at, term));
  // Nothing is cut off without anything in its place.
  const stays = entries.length === 0 && snapshot === undefined ? before.entries : kept;
  return {
    persist: { type: 'persist', hardState, snapshot, entries, token: { term, index: 0, logTerm: 0 } },
    after: { hardState: hardState ?? before.hardState, snapshot: base, entries: [...stays, ...entries] },
  };
}

t.test('raft simulation: a power loss leaves whole batches, and all that were synced', async (t) => {
  let torn = 0;
  for (let seed = 1; seed <= 300; seed += 1) {
    const world = worldOf(seed);
    const random = new Random(seed, 50);
    const disk = world.disk(0);
    let storage = new Storage(disk);
    let images: Image[] = [blank];
    for (let life = 0; life < 4; life += 1) {
      for (let batch = random.between(0, 6); batch > 0; batch -= 1) {
        const before = images.at(-1) ?? blank;
        const { persist, after } = drawBatch(random, before);
        storage.persist(persist, new Uint8Array(random.below(1_500)).fill(life));
        // A tail that is replaced goes first: without it, and without what replaces it, the log is sound as well.
        const first = persist.entries[0]?.index ?? Number.POSITIVE_INFINITY;
        if (first <= before.snapshot + before.entries.length)
          images.push({
            ...before,
            hardState: after.hardState,
            entries: before.entries.filter(({ index }) => index < first),
          });
        images.push(after);
        if (!random.chance(0.4)) continue;
        disk.sync(() => undefined);
        world.step(Number.POSITIVE_INFINITY);
        images = [after];
      }
      disk.power();
      storage = new Storage(disk);
      const found = storage.recover();
      const is = found === undefined ? blank : image(found);
      const at = images.findLastIndex((one) => JSON.stringify(one) === JSON.stringify(is));
      t.ok(at >= 0, `seed ${seed}, life ${life}: ${JSON.stringify(is)} is none of ${JSON.stringify(images)}`);
      t.notOk(found?.rotten, `seed ${seed}, life ${life}: nothing rots here`);
      if (found?.torn === true) torn += 1;
      images = [is];
    }
  }
  t.ok(torn > 50, `${torn} restarts found something torn or left over`);
});

t.test('raft simulation: any record that rots is noticed, and what is lost is said', async (t) => {
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= 200; seed += 1) {
    const world = worldOf(seed);
    const random = new Random(seed, 51);
    const disk = world.disk(0);
    const storage = new Storage(disk);
    let is = blank;
    for (let batch = 0; batch < 8; batch += 1) {
      const { persist, after } = drawBatch(random, is);
      storage.persist(persist, new Uint8Array(700));
      is = after;
    }
    disk.kill();
    // Snapshots of before may lie about; nobody needs them.
    const needed = disk.keys().filter((one) => !one.startsWith('snap/') || one.startsWith(`snap/${is.snapshot}/`));
    const key = random.pick(needed);
    const record = (disk.read(key) ?? new Uint8Array()).slice();
    const at = random.below(record.length);
    record[at] = (record[at] ?? 0) ^ (1 << random.below(8));
    disk.write(key, record);
    disk.kill();
    const found = new Storage(disk).recover();
    const kind = key.slice(0, 4);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (found === undefined) throw new Error(`seed ${seed}: nothing was found`);
    // One copy of a commit record is mended; everything else that is broken is lost, and said to be.
    t.equal(found.rotten, kind !== 'hard', `seed ${seed}: ${key}`);
    t.equal(found.lost, kind !== 'hard', `seed ${seed}: ${key}`);
    disk.kill();
    t.equal(new Storage(disk).recover()?.lost, found.lost, `seed ${seed}: who starts again is told again`);
    t.equal(found.hardState.term, is.hardState.term);
    const { entries } = image(found);
    t.same(entries, is.entries.slice(0, entries.length), `seed ${seed}: what is left is a beginning`);
  }
  t.same([...kinds.keys()].toSorted(), ['hard', 'log/', 'snap']);
});
