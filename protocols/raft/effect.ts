/**
 * What a driver does for a node: an ordered list, each effect begun once the one before is complete.
 *
 * A driver steps each input at once and queues the effects behind those that are not done; only a `persist` takes time.
 * When it is durable the driver gives the input `persisted` with its token, queues what comes of that at the end, and
 * goes on with its queue. So to everybody else the node is one that received its inputs a little later.
 *
 * The exception are sends marked `early`, which may leave at once, ahead of whatever is queued: they promise nothing
 * that a crash could take back. A leader's appends are among them, so that its followers write at the time at which it
 * writes itself (dissertation, 10.2.1).
 */
import type { RaftMessage } from './message.js';
import type { Config, Entry, HardState, NodeId, RequestId, Role, Snapshot } from './types.js';

/** Why something was refused. */
export type RejectReason =
  /** Only the leader does that; `leader` says who it is, when that is known. */
  | 'not-leader'
  /** It was the leader, and the outcome cannot be known any more: a read was not answered. */
  | 'lost-leadership'
  /** The leader did not answer in time. */
  | 'timeout'
  /** Leadership is being handed over. */
  | 'transferring'
  /** Too much is proposed and not applied, or too many reads wait. */
  | 'overload'
  /** Another change of the configuration is not applied, or no entry of this term is. */
  | 'config-pending'
  /** The change cannot be made from the configuration that is in force. */
  | 'bad-change'
  /** The node is unknown, or a learner, or cannot be leader. */
  | 'bad-target'
  /** The request is malformed. */
  | 'bad-request';

/** Written to disk as one: after a crash it is there whole or, if it was not complete, as a part from its beginning. */
export interface Persist {
  readonly type: 'persist';
  /** Written first: no entry may be found after a crash whose term, or the commit index that came with it, is not. */
  readonly hardState: HardState | undefined;
  /** Written next: the chunks stored for it are its bytes, and all entries of the log are replaced by it. */
  readonly snapshot: Snapshot | undefined;
  /** Written last, in order. What is on disk at or above the first index is removed before. May be empty. */
  readonly entries: readonly Entry[];
  /** To be given back with `persisted`: the term of the node, and index and term of its last entry. */
  readonly token: { readonly term: number; readonly index: number; readonly logTerm: number };
}

export type RaftEffect =
  | Persist
  /** At most once, in any order. `early`: need not wait for any `persist`. */
  | { readonly type: 'send'; readonly to: NodeId; readonly message: RaftMessage; readonly early: boolean }
  /** Committed: apply these, then give `applied`. The state machine ignores all but `normal` entries. */
  | { readonly type: 'apply'; readonly entries: readonly Entry[] }
  /** Replace the state machine by the snapshot, which is durable, then give `applied` with its index. */
  | { readonly type: 'restore'; readonly snapshot: Snapshot }
  /** The state machine has applied `index`, and may answer the read as it is, now or at any time later. */
  | { readonly type: 'read'; readonly id: RequestId; readonly index: number }
  | {
      readonly type: 'reject';
      readonly what: 'propose' | 'change' | 'read' | 'transfer';
      readonly id: RequestId;
      readonly reason: RejectReason;
      readonly leader: NodeId | undefined;
    }
  /** The role, the term or the known leader is another. */
  | { readonly type: 'role'; readonly role: Role; readonly term: number; readonly leader: NodeId | undefined }
  /** This configuration is in force, from the entry `index` on. */
  | { readonly type: 'config'; readonly config: Config; readonly index: number }
  /** Keep a chunk of a snapshot that is being received; offset 0 drops what was kept before. Need not be durable. */
  | { readonly type: 'store-chunk'; readonly snapshot: Snapshot; readonly offset: number; readonly data: Uint8Array }
  /** Read a chunk of the snapshot `index`, as long as the driver sees fit, and give it by `chunk` or `chunk-failed`. */
  | { readonly type: 'read-chunk'; readonly to: NodeId; readonly index: number; readonly offset: number }
  /** Entries up to here may go from the disk, and snapshots but the newest and those of `snapshotsInUse`. */
  | { readonly type: 'compact'; readonly index: number };
