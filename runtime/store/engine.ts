/**
 * What a store needs of the thing that keeps its bytes: an ordered map with transactions. LMDB is one (`lmdb.ts`); the
 * map in memory is its twin (`memory.ts`). All rules about keys, epochs and checksums are above it, in
 * `record-store.ts`, so that both engines are held to the same ones.
 */

/** An ordered map from short byte keys to byte values. Keys compare as bytes. */
export interface Engine {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Entries from `start` (inclusive) to `end` (exclusive), in the order of their keys. */
  range(start: Uint8Array, end: Uint8Array): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  /**
   * Runs `work`, whose writes are seen by `get` and `range` at once, and commits them all, or none when it throws. When
   * this returns they are as durable as the engine was opened to make them.
   */
  transact<T>(work: (write: EngineWrite) => T): T;
  close(): Promise<void>;
}

/** The writing half of an engine, within a transaction. */
export interface EngineWrite {
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}
