/**
 * The store over its engines: one for each durability, side by side. They are apart because a commit that was not
 * flushed may write over pages that an older, flushed state still needs after a power cut: what promises only `process`
 * may then be damaged, and must not damage what promises `disk` with it.
 */
import { SkepError, unreachable } from '#protocols/wire/error';
import { Claims } from './claims.js';
import type { Engine, EngineWrite } from './engine.js';
import {
  documentKey,
  epochKey,
  eventKey,
  headKey,
  nameOf,
  packHead,
  packNumbers,
  rangeOf,
  seal,
  seqOf,
  sizeOf,
  snapshotKey,
  unpackHead,
  unpackNumbers,
  unseal,
} from './layout.js';
import {
  durabilities,
  type Durability,
  type EventPage,
  FORGET_EVENTS,
  type Head,
  type Loaded,
  PAGE_BYTES,
  PAGE_EVENTS,
  type Store,
  type StoreContents,
  type StoredDocument,
  type StoredEvent,
  type StoreWrite,
  type WriteOutcome,
} from './store.js';

/** The engines of a store. */
export type Engines = Readonly<Record<Durability, Engine>>;

/** One engine and the claims on its keys. */
interface Side {
  readonly engine: Engine;
  readonly claims: Claims;
}

/** {@link Store} over two engines. */
export class RecordStore implements Store {
  readonly #engines: Engines;
  readonly #sides: Readonly<Record<Durability, Side>>;
  readonly #where: string;
  #failure: SkepError | undefined;

  /** `where` names the store in errors: its folder. */
  constructor(engines: Engines, where: string) {
    this.#engines = engines;
    this.#sides = {
      disk: { engine: engines.disk, claims: new Claims() },
      process: { engine: engines.process, claims: new Claims() },
    };
    this.#where = where;
  }

  commit(writes: readonly StoreWrite[], durability: Durability): readonly WriteOutcome[] {
    this.#check();
    const other = durability === 'disk' ? 'process' : 'disk';
    const batch = new Batch(this.#sides[durability], this.#sides[other]);
    try {
      return batch.carryOut(writes);
    } catch (cause) {
      // Nobody knows what of it is on the disk, and after a failed flush the system may show what is not: no answer
      // of this store can be believed until what is really there has been read anew.
      const why = cause instanceof Error ? cause.message : String(cause);
      const text = `a write to ${this.#where} failed, and the store answers nothing until it is opened again: ${why}`;
      const corrupt = cause instanceof SkepError && cause.code === 'STORE_CORRUPT';
      this.#failure = new SkepError(corrupt ? 'STORE_CORRUPT' : 'STORE_FAILED', text, { path: this.#where }, cause);
      throw this.#failure;
    }
  }

  load(key: string, durability: Durability): Loaded | undefined {
    this.#check();
    const engine = this.#engines[durability];
    return this.#read(() => {
      const head = headOf(this.#sides[durability], key);
      if (head === undefined) return undefined;
      const snapshot = contentOf(engine, snapshotKey(key));
      if (snapshot === undefined && head.snapshotSeq > 0) throw missing(`the snapshot of ${key}`);
      return { head, snapshot, documents: documentsOf(engine, key), events: pageOf(engine, key, head.snapshotSeq + 1) };
    });
  }

  events(key: string, from: number, durability: Durability): EventPage {
    this.#check();
    return this.#read(() => pageOf(this.#engines[durability], key, from));
  }

  contents(): StoreContents {
    this.#check();
    const counts = durabilities.map((durability) => ({
      keys: countOf(this.#engines[durability], 'h'),
      events: countOf(this.#engines[durability], 'e'),
    }));
    return {
      keys: counts.reduce((sum, { keys }) => sum + keys, 0),
      events: counts.reduce((sum, { events }) => sum + events, 0),
    };
  }

  async close(): Promise<void> {
    this.#failure ??= new SkepError('STORE_FAILED', `the store ${this.#where} is closed`, { path: this.#where });
    for (const durability of durabilities) await this.#engines[durability].close();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A damaged record is told with the place where it lies. */
  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof SkepError)) throw cause;
      throw new SkepError(cause.code, `${this.#where}: ${cause.message}`, { ...cause.facts, path: this.#where }, cause);
    }
  }
}

/** Where a key stands that nobody has written. */
const NOTHING = { seq: 0, first: 1, snapshotSeq: 0 };

/** One batch of writes. Heads are written once a key, at its end. */
class Batch {
  readonly #engine: Engine;
  readonly #claims: Claims;
  readonly #other: Side;
  readonly #heads = new Map<string, Head | undefined>();
  readonly #changed = new Set<string>();
  #write: EngineWrite | undefined;

  constructor({ engine, claims }: Side, other: Side) {
    this.#engine = engine;
    this.#claims = claims;
    this.#other = other;
  }

  /** Claims alone wait for the first write of their keys; everything else is one transaction. */
  carryOut(writes: readonly StoreWrite[]): readonly WriteOutcome[] {
    const claims = writes.filter(({ type }) => type === 'claim').length;
    if (claims === writes.length && this.#claims.hasRoom(claims)) return writes.map((write) => this.#take(write));
    const outcomes = this.#engine.transact((write) => {
      this.#write = write;
      if (this.#claims.mustReserve(claims)) {
        const written = unpackNumbers(contentOf(this.#engine, epochKey) ?? packNumbers([0]))[0] ?? 0;
        this.#put(epochKey, packNumbers([this.#claims.reserve(claims, written)]));
      }
      const all = writes.map((one) => this.#take(one));
      this.#finish();
      return all;
    });
    for (const key of this.#changed) this.#claims.forget(key);
    return outcomes;
  }

  /** Carries one write out, or refuses it. */
  #take(write: StoreWrite): WriteOutcome {
    const { key } = write;
    const head = this.#head(key);
    if (write.type === 'claim') {
      if (head === undefined && headOf(this.#other, key) !== undefined)
        return { ok: false, refusal: 'elsewhere', head: undefined };
      const claimed = { ...(head ?? NOTHING), epoch: this.#claims.give(key) };
      this.#heads.set(key, claimed);
      return { ok: true, head: claimed };
    }
    if (head === undefined || head.epoch !== write.epoch) return { ok: false, refusal: 'fenced', head };
    return this.#fenced(write, head);
  }

  #finish(): void {
    for (const key of this.#claims.surplus()) if (this.#head(key) !== undefined) this.#changed.add(key);
    for (const key of this.#changed) {
      const head = this.#heads.get(key);
      if (head !== undefined) this.#put(headKey(key), packHead(head));
    }
  }

  /** A write of the one who may. */
  #fenced(write: Exclude<StoreWrite, { type: 'claim' }>, head: Head): WriteOutcome {
    const { key } = write;
    switch (write.type) {
      case 'append': {
        if (write.after !== head.seq) return { ok: false, refusal: 'gap', head };
        let { seq } = head;
        for (const event of write.events) this.#put(eventKey(key, ++seq), event);
        return this.#done(key, { ...head, seq });
      }
      case 'snapshot': {
        if (write.seq > head.seq || write.seq < head.snapshotSeq) return { ok: false, refusal: 'gap', head };
        this.#put(snapshotKey(key), write.bytes);
        const first = this.#forget(key, head.first, Math.min(write.keepFrom, write.seq + 1));
        return this.#done(key, { ...head, first, snapshotSeq: write.seq });
      }
      case 'save':
        if (write.after !== head.seq) return { ok: false, refusal: 'gap', head };
        this.#put(snapshotKey(key), write.bytes);
        return this.#done(key, { ...head, seq: head.seq + 1, first: head.seq + 2, snapshotSeq: head.seq + 1 });
      case 'put':
        this.#put(documentKey(key, write.name), write.bytes);
        return this.#done(key, head);
      case 'remove':
        this.#write?.remove(documentKey(key, write.name));
        return this.#done(key, head);
      case 'erase':
        this.#erase(key, head);
        return { ok: true, head };
      default:
        return unreachable(write);
    }
  }

  /** Deletes events from `first` up to `keepFrom`, so many at most; gives the oldest that is left. */
  #forget(key: string, first: number, keepFrom: number): number {
    const end = Math.min(keepFrom, first + FORGET_EVENTS);
    for (let seq = first; seq < end; seq += 1) this.#write?.remove(eventKey(key, seq));
    return Math.max(first, end);
  }

  #erase(key: string, head: Head): void {
    for (let seq = head.first; seq <= head.seq; seq += 1) this.#write?.remove(eventKey(key, seq));
    const names = [...this.#engine.range(...rangeOf('d', key))].map((entry) => Uint8Array.from(entry.key));
    for (const name of names) this.#write?.remove(name);
    this.#write?.remove(snapshotKey(key));
    this.#write?.remove(headKey(key));
    this.#heads.set(key, undefined);
    this.#changed.delete(key);
    this.#claims.forget(key);
  }

  #head(key: string): Head | undefined {
    if (!this.#heads.has(key)) this.#heads.set(key, headOf({ engine: this.#engine, claims: this.#claims }, key));
    return this.#heads.get(key);
  }

  #done(key: string, head: Head): WriteOutcome {
    this.#heads.set(key, head);
    this.#changed.add(key);
    return { ok: true, head };
  }

  #put(key: Uint8Array, content: Uint8Array): void {
    this.#write?.put(key, seal(key, content));
  }
}

function contentOf(engine: Engine, key: Uint8Array): Uint8Array | undefined {
  const sealed = engine.get(key);
  return sealed === undefined ? undefined : unseal(key, sealed);
}

/** Where a key stands, a claim that waits included. */
function headOf({ engine, claims }: Side, key: string): Head | undefined {
  const content = contentOf(engine, headKey(key));
  const stored = content === undefined ? undefined : unpackHead(content);
  const epoch = claims.get(key);
  return epoch === undefined ? stored : { ...(stored ?? NOTHING), epoch };
}

function pageOf(engine: Engine, key: string, from: number): EventPage {
  const page: StoredEvent[] = [];
  let bytes = 0;
  let expected = from;
  for (const entry of engine.range(eventKey(key, from), rangeOf('e', key)[1])) {
    const event = { seq: seqOf(entry.key), bytes: unseal(entry.key, entry.value) };
    if (event.seq !== expected) throw missing(`event ${expected} of ${key}`);
    page.push(event);
    expected += 1;
    bytes += sizeOf(event);
    if (page.length >= PAGE_EVENTS || bytes >= PAGE_BYTES) break;
  }
  return page;
}

function documentsOf(engine: Engine, key: string): readonly StoredDocument[] {
  return [...engine.range(...rangeOf('d', key))].map((entry) => ({
    name: nameOf(entry.key, key),
    bytes: unseal(entry.key, entry.value),
  }));
}

function countOf(engine: Engine, letter: string): number {
  let count = 0;
  for (const _ of engine.range(...rangeOf(letter))) count += 1;
  return count;
}

function missing(what: string): SkepError {
  return new SkepError('STORE_CORRUPT', `${what} is missing`, { record: what });
}
