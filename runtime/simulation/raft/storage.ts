/**
 * What a node keeps on its disk. One small record says what is there, the commit record: it is written last of all
 * that a batch writes, so a batch is on the disk as a whole or not at all, and all that it does not name is litter.
 *
 *     hard/0/a hard/0/b   the commit record of even versions, twice       [version, term, vote, ..., base, end, snapshot]
 *     hard/1/a hard/1/b   of odd versions: a new one never overwrites the newest
 *     log/<index>         an entry; those above `base` up to `end` count
 *     snap/<index>/<n>    a piece of a snapshot; those of the snapshot that the commit record names count
 *
 * A power loss leaves a beginning of what was written since the last sync and may tear the record at the edge. So
 * whatever the newest commit record names was complete, and what is broken of it has rotted; what is broken beyond it
 * was torn, and nobody was promised anything about it. That is the difference between a crash and a corruption that a
 * log by itself cannot tell. (Alagappan et al., "Protocol-aware recovery for consensus-based storage", FAST 2018.) Of
 * the two copies of a commit record a tear can hit only one, as nothing is written behind it: two broken ones have
 * rotted, and what they held, votes among it, is unknown. An overwritten tail is taken out of the commit record first.
 */
import { isEntry, isSnapshot } from '#protocols/raft/message';
import type { Entry, HardState, Snapshot } from '#protocols/raft/types';
import type { Persist } from '#protocols/raft/effect';
import type { Disk } from '../disk.js';
import { seal, unseal } from './records.js';

/** Bytes of a snapshot in one record. */
const PIECE_BYTES = 512;

/** What the disk holds, by its newest commit record. */
interface Extent {
  hardState: HardState;
  /** The log begins after this entry. */
  base: number;
  baseTerm: number;
  /** The last entry. */
  end: number;
  snapshot: Snapshot | undefined;
  snapshotBytes: number;
  /** Something that was synced is broken, and no hard state since knows of it. */
  lost: boolean;
}

/** What a restart finds. */
export interface Recovered {
  readonly hardState: HardState;
  readonly snapshot: Snapshot | undefined;
  /** The bytes of the snapshot. */
  readonly data: Uint8Array;
  readonly base: number;
  readonly baseTerm: number;
  readonly entries: readonly Entry[];
  /** Something was torn: it had not been synced, and is dropped. */
  readonly torn: boolean;
  /** Something that was synced is broken, found now or by a life that ended before it could say so. */
  readonly lost: boolean;
  /** The same, found now. */
  readonly rotten: boolean;
}

/** The records of a node. Nothing that it writes is durable before the disk has synced. */
export class Storage {
  readonly #disk: Disk;
  #version = 0;
  #extent: Extent = {
    hardState: { term: 0, vote: undefined, commit: 0, damaged: false, amnesiac: false },
    base: 0,
    baseTerm: 0,
    end: 0,
    snapshot: undefined,
    snapshotBytes: 0,
    lost: false,
  };
  /** Bytes of snapshots that may still be read, by index. */
  readonly #snapshots = new Map<number, Uint8Array>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Writes what an effect asks for. @throws DiskFull */
  persist({ hardState, snapshot, entries }: Persist, data: Uint8Array): void {
    const before = this.#extent;
    const extent = { ...before, ...(hardState === undefined ? {} : { hardState, lost: false }) };
    const first = entries[0]?.index ?? Number.POSITIVE_INFINITY;
    if (first <= before.end) {
      extent.end = first - 1;
      this.#commit({ ...extent });
    }
    if (snapshot !== undefined) {
      this.#writeSnapshot(snapshot, data);
      const { index, term } = snapshot;
      Object.assign(extent, { base: index, baseTerm: term, end: index, snapshot, snapshotBytes: data.length });
    }
    for (const entry of entries) {
      this.#disk.write(logKey(entry.index), seal(logKey(entry.index), entry));
      extent.end = entry.index;
    }
    this.#commit(extent);
    // An entry that was not written again is litter now.
    if (snapshot !== undefined)
      for (let index = before.base + 1; index <= Math.min(before.end, extent.base); index += 1)
        this.#disk.remove(logKey(index));
    for (let index = Math.max(before.base, extent.end) + 1; index <= before.end; index += 1)
      this.#disk.remove(logKey(index));
  }

  /** Writes a snapshot of the state machine of this node. @throws DiskFull */
  saveSnapshot(snapshot: Snapshot, data: Uint8Array): void {
    if (snapshot.index <= (this.#extent.snapshot?.index ?? 0)) return;
    this.#writeSnapshot(snapshot, data);
    this.#commit({ ...this.#extent, snapshot, snapshotBytes: data.length });
  }

  /** Lets go of entries up to an index, and of snapshots that nobody needs. @throws DiskFull */
  compact(index: number, inUse: readonly number[]): void {
    const { base, end, snapshot } = this.#extent;
    for (const [old, { length }] of this.#snapshots) {
      if (old === snapshot?.index || inUse.includes(old)) continue;
      for (let at = 0; at === 0 || at < length; at += PIECE_BYTES) this.#disk.remove(pieceKey(old, at / PIECE_BYTES));
      this.#snapshots.delete(old);
    }
    const upTo = Math.min(index, end, snapshot?.index ?? 0);
    const last = upTo <= base ? undefined : unseal(logKey(upTo), this.#disk.read(logKey(upTo)));
    if (!isEntry(last)) return;
    this.#commit({ ...this.#extent, base: upTo, baseTerm: last.term });
    for (let old = base + 1; old <= upTo; old += 1) this.#disk.remove(logKey(old));
  }

  /** Bytes of a snapshot from an offset on; undefined when it is not there any more. */
  read(index: number, offset: number, most: number): { readonly data: Uint8Array; readonly done: boolean } | undefined {
    const bytes = this.#snapshots.get(index);
    if (bytes === undefined || offset > bytes.length) return undefined;
    return { data: bytes.slice(offset, offset + most), done: offset + most >= bytes.length };
  }

  /** Reads all back; undefined when nothing was ever synced. @throws DiskFull */
  recover(): Recovered | undefined {
    const { extent, torn, forgotten } = this.#newest();
    if (extent === undefined && !forgotten) return undefined;
    const { hardState, snapshot, snapshotBytes, base, baseTerm, end, lost } = extent ?? this.#extent;
    const data = snapshot === undefined ? new Uint8Array() : this.#readSnapshot(snapshot.index, snapshotBytes);
    const log =
      data === undefined ? { base: 0, baseTerm: 0, entries: [] } : this.#readLog({ base, baseTerm, end, snapshot });
    const rotten = forgotten || data === undefined || log.base + log.entries.length < end;
    this.#extent = {
      hardState: { ...hardState, amnesiac: hardState.amnesiac || forgotten },
      base: log.base,
      baseTerm: log.baseTerm,
      end: log.base + log.entries.length,
      snapshot: data === undefined ? undefined : snapshot,
      snapshotBytes: data?.length ?? 0,
      lost: lost || rotten,
    };
    if (data !== undefined && snapshot !== undefined) this.#snapshots.set(snapshot.index, data);
    // What is sound is said to be so before anything is written over the rest.
    if (rotten) this.#commit(this.#extent);
    const litter = this.#sweep();
    return { ...this.#extent, ...log, data: data ?? new Uint8Array(), torn: torn || litter, rotten };
  }

  /** Removes what the commit record does not name. True when there was something. */
  #sweep(): boolean {
    const { base, end, snapshot } = this.#extent;
    let found = false;
    for (const key of this.#disk.keys()) {
      const [kind, number] = key.split('/');
      const index = Number(number);
      const named = kind === 'log' ? index > base && index <= end : kind !== 'snap' || index === snapshot?.index;
      if (named) continue;
      this.#disk.remove(key);
      found = true;
    }
    return found;
  }

  #commit(extent: Extent): void {
    const version = this.#version + 1;
    const { hardState, base, baseTerm, end, snapshot, snapshotBytes, lost } = extent;
    const slot = `hard/${version % 2}`;
    const record = seal(slot, [version, hardState, base, baseTerm, end, snapshot ?? null, snapshotBytes, lost]);
    this.#disk.write(`${slot}/a`, record);
    this.#disk.write(`${slot}/b`, record);
    this.#version = version;
    this.#extent = extent;
  }

  /** The newest commit record that can be read; `forgotten` when a newer one may be lost. */
  #newest(): { readonly extent: Extent | undefined; readonly torn: boolean; readonly forgotten: boolean } {
    let extent: Extent | undefined;
    let torn = false;
    let forgotten = false;
    for (const slot of ['hard/0', 'hard/1']) {
      const copies = ['a', 'b'].map((copy) => this.#disk.read(`${slot}/${copy}`));
      const contents = copies.map((record) => unseal(slot, record) as CommitRecord | undefined);
      for (const content of contents)
        if (content !== undefined && content[0] > this.#version) {
          this.#version = content[0];
          extent = extentOf(content);
        }
      if (copies.every((record, at) => record !== undefined && contents[at] === undefined)) forgotten = true;
      else torn = this.#mend(slot, copies, contents) || torn;
    }
    return { extent, torn, forgotten };
  }

  /** Puts a sound copy in the place of a broken one, so that two tears in a row are not taken for rot. */
  #mend(
    slot: string,
    copies: readonly (Uint8Array | undefined)[],
    contents: readonly (CommitRecord | undefined)[],
  ): boolean {
    const broken = copies.findIndex((record, at) => record !== undefined && contents[at] === undefined);
    if (broken < 0) return false;
    const sound = copies[1 - broken];
    const key = `${slot}/${broken === 0 ? 'a' : 'b'}`;
    if (sound === undefined) this.#disk.remove(key);
    else this.#disk.write(key, sound);
    return true;
  }

  /** The sound entries from the snapshot on, and those before it that are sound up to it. */
  #readLog({ base, baseTerm, end, snapshot }: Pick<Extent, 'base' | 'baseTerm' | 'end' | 'snapshot'>): {
    readonly base: number;
    readonly baseTerm: number;
    readonly entries: readonly Entry[];
  } {
    const from = Math.max(base, snapshot?.index ?? 0);
    const after: Entry[] = [];
    for (let index = from + 1; index <= end; index += 1) {
      const entry = this.#readEntry(index);
      if (entry === undefined) break;
      after.push(entry);
    }
    const before: Entry[] = [];
    for (let index = from; index > base; index -= 1) {
      const entry = this.#readEntry(index);
      // What the snapshot holds is not missed.
      if (entry === undefined) return { base: from, baseTerm: snapshot?.term ?? baseTerm, entries: after };
      before.push(entry);
    }
    return { base, baseTerm, entries: [...before.toReversed(), ...after] };
  }

  #readEntry(index: number): Entry | undefined {
    const entry = unseal(logKey(index), this.#disk.read(logKey(index)));
    return isEntry(entry) && entry.index === index ? entry : undefined;
  }

  #writeSnapshot({ index }: Snapshot, data: Uint8Array): void {
    for (let piece = 0; piece === 0 || piece * PIECE_BYTES < data.length; piece += 1) {
      const key = pieceKey(index, piece);
      this.#disk.write(key, seal(key, data.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES)));
    }
    this.#snapshots.set(index, data);
  }

  #readSnapshot(index: number, bytes: number): Uint8Array | undefined {
    const data = new Uint8Array(bytes);
    for (let at = 0; at === 0 || at < bytes; at += PIECE_BYTES) {
      const key = pieceKey(index, at / PIECE_BYTES);
      const piece = unseal(key, this.#disk.read(key));
      if (!(piece instanceof Uint8Array) || piece.length !== Math.min(PIECE_BYTES, bytes - at)) return undefined;
      data.set(piece, at);
    }
    return data;
  }
}

type CommitRecord = readonly [number, HardState, number, number, number, Snapshot | null, number, boolean];

function extentOf([, hardState, base, baseTerm, end, snapshot, snapshotBytes, lost]: CommitRecord): Extent {
  return { hardState, base, baseTerm, end, snapshot: isSnapshot(snapshot) ? snapshot : undefined, snapshotBytes, lost };
}

function logKey(index: number): string {
  return `log/${index}`;
}

function pieceKey(index: number, piece: number): string {
  return `snap/${index}/${piece}`;
}
