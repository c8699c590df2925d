/**
 * The disk of one simulated node: records by key, what is durable apart from what is only written.
 *
 *     write ---> visible, unsynced --sync--> durable
 *                   |          |
 *                  kill      power: a random prefix is durable, the rest is gone, the record at the edge may be torn
 *                   |
 *            still visible, still unsynced --restart--> durable
 *
 * A killed process loses nothing that it wrote, because the system has it; but if the machine dies before the process is
 * started again, that is lost too. A driver flushes what it finds before it reads it, which is why a restart makes it
 * durable: without that a node could act on a record that the next power loss takes. Records may come back changed after
 * a restart, and a disk may be full or slow. (Pillai et al., "All file systems are not created equal", OSDI 2014, for
 * what may be lost; writes keep their order here, as in a journal or a store with transactions.)
 */
import type { Knobs } from './knobs.js';
import type { World } from './world.js';

/** There is no room on the disk; nothing was written. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

interface Write {
  /** Counted over the life of the disk. */
  readonly number: number;
  readonly key: string;
  /** Undefined removes the record. */
  readonly value: Uint8Array | undefined;
}

/** Records of one node, by key. */
export class Disk {
  knobs: Knobs;
  readonly #world: World;
  readonly #node: number;
  /** What a power loss leaves. */
  #durable = new Map<string, Uint8Array>();
  /** What the running process reads. */
  #visible = new Map<string, Uint8Array>();
  #unsynced: Write[] = [];
  #written = 0;
  /** How many faults take up its room. */
  #full = 0;
  #slowUntilUs = 0;
  /** Of syncs: one is done after the one before it. */
  #syncedAtUs = 0;
  /** What to do in the place of the next sync. */
  #fail: (() => void) | undefined;

  constructor(world: World, node: number, knobs: Knobs) {
    this.#world = world;
    this.#node = node;
    this.knobs = knobs;
  }

  /** The record, as it was written, torn or corrupted; undefined when there is none. */
  read(key: string): Uint8Array | undefined {
    return this.#visible.get(key);
  }

  /** Keys of all records, in order. */
  keys(): readonly string[] {
    return [...this.#visible.keys()].toSorted();
  }

  /** @throws DiskFull when there is no room. */
  write(key: string, value: Uint8Array): void {
    if (this.#full > 0) {
      this.#world.met('disk full');
      throw new DiskFull(`the disk of n${this.#node + 1} has no room for ${key}`);
    }
    this.#note(key, value);
  }

  remove(key: string): void {
    this.#note(key, undefined);
  }

  /** Makes all that was written before durable, and then calls `done`, unless the node has crashed by then. */
  sync(done: () => void): void {
    const world = this.#world;
    const upTo = this.#written;
    const usualUs = this.knobs.syncUs * (1 + 9 * (world.chances.disk.next() / 2 ** 32) ** 4);
    const slow = world.nowUs < this.#slowUntilUs ? 20 : 1;
    this.#syncedAtUs = Math.max(world.nowUs, this.#syncedAtUs) + Math.round(usualUs * slow);
    world.at(this.#syncedAtUs, this.#node, world.lifeOf(this.#node), () => {
      world.trace.add('synced', world.nowUs, this.#node, -1, upTo);
      const fail = this.#fail;
      this.#fail = undefined;
      if (fail !== undefined) return fail();
      // What an earlier sync made durable is no longer in the list.
      while ((this.#unsynced[0]?.number ?? Number.POSITIVE_INFINITY) <= upTo)
        apply(this.#durable, this.#unsynced.shift() as Write);
      done();
    });
  }

  /** The process dies, the machine does not: what was written is there, and may still be lost. */
  kill(): void {
    this.#syncedAtUs = 0;
  }

  /** The machine dies, with what was not synced by this life of the process or by the one before. */
  power(): void {
    const chance = this.#world.chances.disk;
    const kept = chance.below(this.#unsynced.length + 1);
    for (const write of this.#unsynced.slice(0, kept)) apply(this.#durable, write);
    const edge = this.#unsynced[kept];
    if (edge?.value !== undefined && edge.value.length > 0 && chance.chance(this.knobs.tearing)) {
      this.#world.met('write torn');
      this.#durable.set(edge.key, edge.value.slice(0, chance.below(edge.value.length)));
    }
    if (kept < this.#unsynced.length) this.#world.met('unsynced write lost');
    this.#unsynced = [];
    this.#visible = new Map(this.#durable);
    this.#syncedAtUs = 0;
  }

  /** A process starts on it: what it finds is flushed, and is durable. */
  open(): void {
    for (const write of this.#unsynced) apply(this.#durable, write);
    this.#unsynced = [];
    this.#rot();
  }

  /** All records are gone, as with a new machine under an old name. */
  wipe(): void {
    this.#durable.clear();
    this.#visible.clear();
    this.#unsynced = [];
  }

  /** Takes up its room, or gives it back; it has room when all have given it back. */
  setFull(full: boolean): void {
    this.#full = Math.max(0, this.#full + (full ? 1 : -1));
  }

  /** Syncs take long until then. */
  slowUntil(atUs: number): void {
    this.#slowUntilUs = Math.max(atUs, this.#slowUntilUs);
  }

  /** No fault is left, and from now on it has these rates. */
  calm(knobs: Knobs): void {
    this.knobs = knobs;
    this.#full = 0;
    this.#slowUntilUs = 0;
    this.#fail = undefined;
  }

  /** The next sync fails: `fail` is called in the place of what was to be done after it. Undefined: it does not. */
  failSync(fail: (() => void) | undefined): void {
    this.#fail = fail;
  }

  #note(key: string, value: Uint8Array | undefined): void {
    const write = { number: (this.#written += 1), key, value };
    this.#unsynced.push(write);
    apply(this.#visible, write);
  }

  #rot(): void {
    const chance = this.#world.chances.disk;
    if (this.knobs.corruption === 0) return;
    for (const [key, value] of this.#visible) {
      if (value.length === 0 || !chance.chance(this.knobs.corruption)) continue;
      const changed = value.slice();
      const at = chance.below(changed.length);
      changed[at] = (changed[at] as number) ^ (1 << chance.below(8));
      // Rot stays: what was read wrong once is read wrong again.
      this.#durable.set(key, changed);
      this.#visible.set(key, changed);
      this.#world.met('record corrupted');
    }
  }
}

function apply(records: Map<string, Uint8Array>, { key, value }: Write): void {
  if (value === undefined) records.delete(key);
  else records.set(key, value);
}
