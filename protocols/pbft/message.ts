/**
 * What replicas and clients of a PBFT group say to each other (OSDI 1999, sections 4.1 to 4.4; the status message is
 * that of TOCS 2002, section 5.2). In the paper's notation:
 *
 *     <REQUEST,o,t,c>c  <REPLY,v,t,c,i,r>i
 *     <<PRE-PREPARE,v,n,d>p,m>  <PREPARE,v,n,d,i>i  <COMMIT,v,n,d,i>i  <CHECKPOINT,n,d,i>i
 *     <VIEW-CHANGE,v+1,n,C,P,i>i  <NEW-VIEW,v+1,V,O>p  <STATUS,...>i  <FETCH,...>i
 *
 * Each is signed by who it is of, over the bytes of `encoding.ts`, and is believed on its signature alone: it does not
 * matter who passed it on. Batches and states carry no signature of their own, because their digests are known.
 */
import type { ClientId, ReplicaId } from './settings.js';

/** A message with the signature of its author. */
export type Signed<Body> = Body & { readonly signature: Uint8Array };

/** A client asks for an operation. Timestamps of one client rise: what is at most the last executed is not executed. */
export interface Request {
  readonly type: 'request';
  readonly client: ClientId;
  readonly timestamp: number;
  readonly operation: Uint8Array;
}

/** What came of a request. The client believes f + 1 of different replicas with equal timestamp and result. */
export interface Reply {
  readonly type: 'reply';
  readonly view: number;
  readonly timestamp: number;
  readonly client: ClientId;
  readonly replica: ReplicaId;
  readonly result: Uint8Array;
}

/** The primary of a view gives a batch of requests a sequence number; of the batch it says only the digest. */
export interface PrePrepare {
  readonly type: 'pre-prepare';
  readonly view: number;
  readonly seq: number;
  readonly digest: string;
}

/** A backup accepted a pre-prepare. */
export interface Prepare {
  readonly type: 'prepare';
  readonly view: number;
  readonly seq: number;
  readonly digest: string;
  readonly replica: ReplicaId;
}

/** A replica holds a prepared certificate. */
export interface Commit {
  readonly type: 'commit';
  readonly view: number;
  readonly seq: number;
  readonly digest: string;
  readonly replica: ReplicaId;
}

/** The digest of the state after a sequence number. */
export interface Checkpoint {
  readonly type: 'checkpoint';
  readonly seq: number;
  readonly digest: string;
  readonly replica: ReplicaId;
}

/** Proof that a batch prepared: its pre-prepare, and 2f prepares of different backups that match it. */
export interface Certificate {
  readonly prePrepare: Signed<PrePrepare>;
  readonly prepares: readonly Signed<Prepare>[];
}

/** A replica wants another view, and tells what prepared at it since its last stable checkpoint. */
export interface ViewChange {
  readonly type: 'view-change';
  readonly view: number;
  /** n: sequence number of the last stable checkpoint; 0 at the start. */
  readonly stable: number;
  /** C: 2f + 1 checkpoints that prove it; empty at the start. */
  readonly proof: readonly Signed<Checkpoint>[];
  /** P: by sequence number, for each the certificate of the highest view. */
  readonly prepared: readonly Certificate[];
  readonly replica: ReplicaId;
}

/** The primary of a view opens it. */
export interface NewView {
  readonly type: 'new-view';
  readonly view: number;
  /** V: 2f + 1 view-changes of different replicas. */
  readonly viewChanges: readonly Signed<ViewChange>[];
  /** O: what V leaves no choice about, in the order of sequence numbers. */
  readonly prePrepares: readonly Signed<PrePrepare>[];
}

/** What a replica has, so that the others can send it what it lacks. */
export interface Status {
  readonly type: 'status';
  readonly replica: ReplicaId;
  readonly view: number;
  /** False while the replica waits for the new-view of `view`. */
  readonly active: boolean;
  readonly stable: number;
  readonly executed: number;
  /** For each sequence number after `executed`: bits {@link HAS_PRE_PREPARE}, {@link PREPARED}, {@link COMMITTED}. */
  readonly slots: readonly number[];
  /** Replicas whose view-change for `view` it has; none when it is active. */
  readonly held: readonly ReplicaId[];
  /** Digests of batches that it needs and does not have. */
  readonly missing: readonly string[];
}

/** Bits of {@link Status.slots}. */
export const HAS_PRE_PREPARE = 1;
export const PREPARED = 2;
export const COMMITTED = 4;

/** A replica that fell behind asks for a stable checkpoint after `executed`. */
export interface Fetch {
  readonly type: 'fetch';
  readonly replica: ReplicaId;
  readonly executed: number;
}

/** A pre-prepare with the batch that its digest names. */
export interface Proposal {
  readonly type: 'proposal';
  readonly prePrepare: Signed<PrePrepare>;
  readonly batch: readonly Signed<Request>[];
}

/** A batch that somebody lacks; known by its digest. */
export interface Batch {
  readonly type: 'batch';
  readonly requests: readonly Signed<Request>[];
}

/** A state and the proof that it is a stable checkpoint. */
export interface Transfer {
  readonly type: 'transfer';
  readonly proof: readonly Signed<Checkpoint>[];
  readonly state: Uint8Array;
}

/** What a replica signs. */
export type ReplicaBody = Reply | PrePrepare | Prepare | Commit | Checkpoint | ViewChange | NewView | Status | Fetch;

/** Everything that has a signature. */
export type Body = Request | ReplicaBody;

/** What travels between replicas, and from clients to them. */
export type PbftMessage =
  | Signed<Request>
  | Proposal
  | Signed<Prepare>
  | Signed<Commit>
  | Signed<Checkpoint>
  | Signed<ViewChange>
  | Signed<NewView>
  | Signed<Status>
  | Signed<Fetch>
  | Batch
  | Transfer;
