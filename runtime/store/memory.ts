/**
 * A store in memory: the twin of LMDB for tests, held to the same contract, and able to do what disks do. It keeps apart
 * what was written and what was flushed, so that a power cut can take the one and leave the other.
 */
import type { Engine, EngineWrite } from './engine.js';
import { RecordStore } from './record-store.js';
import { durabilities, type Durability, type Store } from './store.js';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** When writes of actors that say nothing themselves count as written. Default `disk`. */
  readonly sync?: Durability;
}

/** A store in memory that outlives the systems that use it, as a folder does. */
export interface MemoryStore {
  readonly kind: 'memory';
  readonly sync: Durability;
  /** Opens it; what was opened before answers nothing any more. */
  open(): Store;
  /**
   * The end of the process (`process`: what was written stays) or of the machine (`power`: what was flushed stays).
   * What is open answers nothing any more.
   */
  crash(how: 'process' | 'power'): void;
  /** Lets the next flush fail, as a disk with a fault does: what it should have flushed stays readable, unflushed. */
  failNextFlush(): void;
  /** Flips a bit of one record's value at random, by a number from 0 to 1. */
  damage(chance: number): void;
}

/** Makes an empty store in memory. */
export function memoryStore({ sync = 'disk' }: MemoryStoreOptions = {}): MemoryStore {
  const disks: Readonly<Record<Durability, MemoryDisk>> = {
    disk: new MemoryDisk(true),
    process: new MemoryDisk(false),
  };
  return {
    kind: 'memory',
    sync,
    open: () => new RecordStore({ disk: disks.disk.open(), process: disks.process.open() }, 'memory'),
    crash: (how) => {
      for (const durability of durabilities) disks[durability].crash(how);
    },
    failNextFlush: () => {
      disks.disk.failNextFlush = true;
    },
    damage: (chance) => disks.disk.damage(chance),
  };
}

/** The bytes of one engine, through all its openings. Keys are kept as text of one character a byte: they sort alike. */
class MemoryDisk {
  failNextFlush = false;
  readonly #flushes: boolean;
  readonly #values = new Map<string, Uint8Array>();
  /** All keys of `#values` in order. */
  #keys: string[] = [];
  /** What the values that changed since the last flush were at it. */
  readonly #flushed = new Map<string, Uint8Array | undefined>();
  #opening = 0;
  /** A flush has failed since it was opened: a flush at the end would promise what this one could not. */
  #failed = false;

  /** `flushes`: whether each transaction is flushed before it is done. */
  constructor(flushes: boolean) {
    this.#flushes = flushes;
  }

  open(): Engine {
    const opening = ++this.#opening;
    this.#failed = false;
    const check = (): void => {
      if (opening !== this.#opening) throw new Error('the store was closed by a crash or opened again');
    };
    return {
      get: (key) => {
        check();
        return this.#values.get(nameOf(key));
      },
      range: (start, end) => {
        check();
        return this.#range(nameOf(start), nameOf(end));
      },
      transact: (work) => {
        check();
        return this.#transact(work);
      },
      close: async () => {
        if (opening === this.#opening && !this.#failed) this.#flush();
      },
    };
  }

  crash(how: 'process' | 'power'): void {
    this.#opening += 1;
    if (how === 'power') for (const [name, value] of this.#flushed) this.#set(name, value);
    this.#flushed.clear();
  }

  damage(chance: number): void {
    const name = this.#keys[Math.floor(chance * this.#keys.length)];
    const value = name === undefined ? undefined : this.#values.get(name);
    if (name === undefined || value === undefined) return;
    const damaged = Uint8Array.from(value);
    const at = Math.floor(chance * 7919) % damaged.length;
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    this.#values.set(name, damaged);
  }

  #transact<T>(work: (write: EngineWrite) => T): T {
    const undo = new Map<string, Uint8Array | undefined>();
    const change = (key: Uint8Array, value: Uint8Array | undefined): void => {
      const name = nameOf(key);
      const before = this.#values.get(name);
      if (!undo.has(name)) undo.set(name, before);
      if (!this.#flushed.has(name)) this.#flushed.set(name, before);
      this.#set(name, value === undefined ? undefined : Uint8Array.from(value));
    };
    let result: T;
    try {
      result = work({ put: change, remove: (key) => change(key, undefined) });
    } catch (error) {
      for (const [name, before] of undo) this.#set(name, before);
      throw error;
    }
    if (this.#flushes) this.#flush();
    return result;
  }

  #flush(): void {
    if (this.failNextFlush) {
      this.failNextFlush = false;
      this.#failed = true;
      throw new Error('the flush failed (EIO)');
    }
    this.#flushed.clear();
  }

  *#range(start: string, end: string): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    for (let at = this.#indexOf(start); at < this.#keys.length; at += 1) {
      const name = this.#keys[at] ?? '';
      if (name >= end) return;
      yield { key: Buffer.from(name, 'latin1'), value: this.#values.get(name) ?? new Uint8Array() };
    }
  }

  #set(name: string, value: Uint8Array | undefined): void {
    const known = this.#values.has(name);
    if (value === undefined) {
      this.#values.delete(name);
      if (known) this.#keys.splice(this.#indexOf(name), 1);
      return;
    }
    this.#values.set(name, value);
    if (!known) this.#keys.splice(this.#indexOf(name), 0, name);
  }

  /** Index of the first key at or after a name. */
  #indexOf(name: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
