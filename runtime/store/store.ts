/**
 * What actors keep, as a port. Under a key lie a log of events with sequence numbers from 1, one snapshot, and small
 * named documents. A key has one writer: a claim gives a new epoch, and writes under any other epoch are refused, so an
 * activation that has been replaced without knowing it (a zombie) can no longer write.
 *
 * Calls are synchronous and the answer comes after the promise of the durability holds: the store lives on a thread of
 * its own (`thread.ts`), where waiting for the disk holds nobody up and gathers the next group.
 */

/**
 * When a write counts as written. `disk`: it has been flushed to the device, and outlives a power cut. `process`: the
 * operating system has it, so it outlives the process (`kill -9`), not a power cut.
 */
export type Durability = 'disk' | 'process';

/** All durabilities. */
export const durabilities: readonly Durability[] = ['disk', 'process'];

/** Where the log of a key stands. */
export interface Head {
  /** The epoch that may write; unique in the store for all time, so an erased and remade key never meets an old one. */
  readonly epoch: number;
  /** Sequence number of the newest event, or revision of the newest saved state; 0: none yet. */
  readonly seq: number;
  /** The oldest event still kept; above `seq` when none is. */
  readonly first: number;
  /** What the snapshot contains, as a sequence number; 0: no snapshot. */
  readonly snapshotSeq: number;
}

/** One write. All but `claim` name the epoch under which they are made. */
export type StoreWrite =
  /** Makes the writer the only one; gives its epoch. It holds at once, and is stored with the first write under it. */
  | { readonly type: 'claim'; readonly key: string }
  /** Adds events after the newest, which must be `after`. */
  | {
      readonly type: 'append';
      readonly key: string;
      readonly epoch: number;
      readonly after: number;
      readonly events: readonly Uint8Array[];
    }
  /** Puts a snapshot that contains the events up to `seq`, and forgets the events below `keepFrom`. */
  | {
      readonly type: 'snapshot';
      readonly key: string;
      readonly epoch: number;
      readonly seq: number;
      readonly bytes: Uint8Array;
      readonly keepFrom: number;
    }
  /** Saves a whole state as the revision after `after`, in the place of the snapshot. */
  | {
      readonly type: 'save';
      readonly key: string;
      readonly epoch: number;
      readonly after: number;
      readonly bytes: Uint8Array;
    }
  /** Puts a named document under the key. */
  | {
      readonly type: 'put';
      readonly key: string;
      readonly epoch: number;
      readonly name: string;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'remove'; readonly key: string; readonly epoch: number; readonly name: string }
  /** Deletes everything under the key, the claim included. */
  | { readonly type: 'erase'; readonly key: string; readonly epoch: number };

/** Why a write was refused; nothing of it was done. */
export type Refusal =
  /** Another activation has claimed the key since, or it was erased. */
  | 'fenced'
  /** The newest event is not the one that the writer takes for it. */
  | 'gap'
  /** The key is kept under the other durability. */
  | 'elsewhere';

/** What became of one write of a batch. */
export type WriteOutcome =
  | { readonly ok: true; readonly head: Head }
  | { readonly ok: false; readonly refusal: Refusal; readonly head: Head | undefined };

/** An event and its sequence number. */
export interface StoredEvent {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** A page of a log. Empty when no event is left. */
export type EventPage = readonly StoredEvent[];

/** A named document. */
export interface StoredDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a key begins with when it is read back: its snapshot, its documents and the first page of newer events. */
export interface Loaded {
  readonly head: Head;
  readonly snapshot: Uint8Array | undefined;
  readonly documents: readonly StoredDocument[];
  readonly events: EventPage;
}

/** Counts of what a store holds. */
export interface StoreContents {
  readonly keys: number;
  readonly events: number;
}

/**
 * A store. Every method throws a SkepError: STORE_FAILED once a write or flush has failed, until the store is opened
 * again, and STORE_CORRUPT when a record does not carry its checksum.
 */
export interface Store {
  /** Carries out the writes in their order as one transaction; each is refused, or durable when this returns. */
  commit(writes: readonly StoreWrite[], durability: Durability): readonly WriteOutcome[];
  /** What lies under a key; undefined for a key that nobody has claimed. */
  load(key: string, durability: Durability): Loaded | undefined;
  /** Events from a sequence number on, at most a page of them. */
  events(key: string, from: number, durability: Durability): EventPage;
  contents(): StoreContents;
  /** Flushes and closes; the store may be opened again afterwards. */
  close(): Promise<void>;
}

/** Events of one page at most. */
export const PAGE_EVENTS = 1_000;
/** Bytes of one page, more or less: the event that goes over it is the page's last. */
export const PAGE_BYTES = 1 << 20;
/** Events that one snapshot forgets at most; the rest goes with the next, so that no transaction grows without bound. */
export const FORGET_EVENTS = 10_000;
