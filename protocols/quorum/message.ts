/**
 * What nodes of a quorum store send each other. Every message carries the epoch of the ring that its sender goes by, and
 * is obeyed only by nodes of the same epoch: so all acknowledgements of one write, and all answers to one read, are of
 * one ring. `ref` is what an answer repeats.
 *
 *     coordinator                    replica
 *        | store  ──────────────────────> |  persist
 *        | <────────────────────── stored |
 *        | fetch  ──────────────────────> |
 *        | <───────────────────── fetched |
 *
 *     who compares                   whom it compares with          one level of hashes after the other
 *        | sync          root of all that both hold ────────> |
 *        | <── sync-equal, or sync-ranges: roots of arcs      |
 *        | sync-buckets  of arcs that differ ───────────────> |
 *        | <── sync-keys: keys and digests of those that differ
 *        | sync-pull     records that differ, keys wanted ──> |
 *        | <── sync-push: records that were wanted            |
 *
 *     first replica of a tombstone   the others
 *        | collect  keys, digests ──────> |
 *        | <─────────────────── consent   |  aged, and the same there
 *        | drop     keys, digests ──────> |  once all have agreed
 */
import type { Ring } from './ring.js';
import type { Versions } from './versions.js';

/** A key and the digest of its versions. */
export type KeyDigest = readonly [key: string, digest: number];
/** The end of an arc and the hash of what is in it. */
export type RangeRoot = readonly [end: number, root: number];
/** The end of an arc, and number and sum of each of its buckets that is not empty. */
export type RangeBuckets = readonly [end: number, buckets: readonly (readonly [bucket: number, sum: number])[]];
/** The end of an arc, one of its buckets, and what is in it. */
export type BucketKeys = readonly [end: number, bucket: number, keys: readonly KeyDigest[]];
/** A key and its versions. */
export type KeyVersions = readonly [key: string, versions: Versions];

interface Sent {
  readonly epoch: number;
  readonly ref: number;
}

export type QuorumMessage =
  /** `standFor` names the replica in whose place the receiver keeps it. */
  | (Sent & { readonly type: 'store'; readonly key: string; readonly versions: Versions; readonly standFor?: string })
  | (Sent & { readonly type: 'stored' })
  | (Sent & { readonly type: 'fetch'; readonly key: string })
  /** `complete` is false at a node that has lost its disk and does not know yet what it should hold. */
  | (Sent & { readonly type: 'fetched'; readonly versions: Versions; readonly complete: boolean })
  | (Sent & { readonly type: 'sync'; readonly root: number })
  | (Sent & { readonly type: 'sync-equal'; readonly complete: boolean })
  | (Sent & { readonly type: 'sync-ranges'; readonly complete: boolean; readonly ranges: readonly RangeRoot[] })
  | (Sent & { readonly type: 'sync-buckets'; readonly ranges: readonly RangeBuckets[] })
  /** `partial` when there were more keys than fit. */
  | (Sent & { readonly type: 'sync-keys'; readonly partial: boolean; readonly buckets: readonly BucketKeys[] })
  | (Sent & {
      readonly type: 'sync-pull';
      readonly records: readonly KeyVersions[];
      readonly wanted: readonly string[];
    })
  | (Sent & { readonly type: 'sync-push'; readonly records: readonly KeyVersions[] })
  | (Sent & { readonly type: 'collect'; readonly tombstones: readonly KeyDigest[] })
  | (Sent & { readonly type: 'consent'; readonly keys: readonly string[] })
  | (Sent & { readonly type: 'drop'; readonly tombstones: readonly KeyDigest[] })
  /** The sender knows of this epoch, and the receiver seems to know of a higher one. */
  | { readonly type: 'behind'; readonly epoch: number }
  /** To a node of an older epoch. */
  | { readonly type: 'ring'; readonly epoch: number; readonly ring: Ring };
