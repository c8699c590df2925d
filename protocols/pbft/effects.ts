/**
 * The face of a PBFT replica: what it takes and what it gives. Effects are carried out in their order, each once the one
 * before is complete, those of a later step after those of an earlier one. What matters about that order:
 *
 *     persist -> sign -> (input `signed`) -> send        nothing is promised that a restart could forget
 *     snapshot n -> execute n + 1                        the snapshot is of the state after n
 *
 * Cryptography stays outside. A message is handed in once all of `signaturesIn(message)` verified, and what the replica
 * has to say leaves as `sign` and comes back as `signed`: keys live with the driver, which may sign on another thread.
 */
import type {
  Certificate,
  Checkpoint,
  NewView,
  PbftMessage,
  PrePrepare,
  ReplicaBody,
  Reply,
  Request,
  Signed,
  ViewChange,
} from './message.js';
import type { ClientId, ReplicaId } from './settings.js';

export type ReplicaInput =
  /** A tick of the clock has passed. */
  | { readonly type: 'tick' }
  /** A message arrived whose signatures are all good; whoever passed it on. */
  | { readonly type: 'receive'; readonly message: PbftMessage }
  /** What was asked for by `sign`, with its signature. */
  | { readonly type: 'signed'; readonly message: Signed<ReplicaBody> }
  /** The service carried out `execute`; a result for each request. */
  | { readonly type: 'executed'; readonly seq: number; readonly results: readonly Uint8Array[] }
  /** The state of the service after a sequence number, as `snapshot` asked; equal states have equal bytes. */
  | { readonly type: 'snapshot'; readonly seq: number; readonly service: Uint8Array }
  /** The first input of a replica that was made from its records. */
  | { readonly type: 'resume' };

export type ReplicaEffect =
  /** Is to be durable before the next effect; records replace those of the same key, in order or all at once. */
  | { readonly type: 'persist'; readonly records: readonly DurableRecord[]; readonly removed: readonly string[] }
  | { readonly type: 'sign'; readonly body: ReplicaBody }
  | { readonly type: 'send'; readonly to: readonly ReplicaId[]; readonly message: PbftMessage }
  | { readonly type: 'reply'; readonly to: ClientId; readonly message: Signed<Reply> }
  /** The service carries out the requests, in order; answered by `executed`, also when there are none. */
  | {
      readonly type: 'execute';
      readonly seq: number;
      readonly digest: string;
      readonly requests: readonly Request[];
    }
  | { readonly type: 'snapshot'; readonly seq: number }
  /** The state of the service is replaced by this one, which is that after `seq`. */
  | { readonly type: 'restore'; readonly seq: number; readonly service: Uint8Array }
  | Fact;

/** What happened, for whoever measures or checks; nothing has to be done. */
export type Fact =
  | { readonly type: 'prepared'; readonly view: number; readonly seq: number; readonly digest: string }
  | { readonly type: 'committed'; readonly view: number; readonly seq: number; readonly digest: string }
  | { readonly type: 'stable'; readonly seq: number; readonly digest: string }
  | { readonly type: 'changing-view'; readonly view: number; readonly patienceTicks: number }
  | { readonly type: 'entered-view'; readonly view: number; readonly newView: Signed<NewView> }
  | { readonly type: 'refused'; readonly what: PbftMessage['type']; readonly why: Refusal };

/** Why a message changed nothing. */
export type Refusal =
  /** Of another view than the replica is in. */
  | 'view'
  /** Outside of the water marks. */
  | 'watermark'
  /** The digest is not that of the content. */
  | 'digest'
  /** Another digest has that view and sequence number. */
  | 'conflict'
  /** From a replica that has no say in it. */
  | 'role'
  /** Known already. */
  | 'duplicate'
  /** Does not prove what it claims. */
  | 'invalid'
  /** Older than what is known. */
  | 'stale'
  /** Nobody asked for it. */
  | 'unwanted'
  /** More than a replica keeps, or more often than it answers. */
  | 'overload'
  /** A quorum has another state than this replica: its own is to be replaced. */
  | 'diverged';

/** What a replica keeps over a restart; by {@link keyOf}. */
export type DurableRecord =
  /** The view, and what opened it or is to open it. */
  | {
      readonly kind: 'view';
      readonly view: number;
      readonly active: boolean;
      /** What this replica signs while it is not active. */
      readonly viewChange: ViewChange | undefined;
      /** V, once this replica as the primary of the view has chosen it. */
      readonly chosen: readonly Signed<ViewChange>[] | undefined;
      readonly newView: Signed<NewView> | undefined;
    }
  /** A pre-prepare that this replica accepted, or makes; its signature is absent in the latter case. */
  | {
      readonly kind: 'slot';
      readonly seq: number;
      readonly prePrepare: PrePrepare;
      readonly signature: Uint8Array | undefined;
    }
  | {
      readonly kind: 'batch';
      readonly seq: number;
      readonly digest: string;
      readonly requests: readonly Signed<Request>[];
    }
  | { readonly kind: 'prepared'; readonly seq: number; readonly certificate: Certificate }
  | ({ readonly kind: 'stable' } & StableCheckpoint);

/** A checkpoint with its proof. */
export interface StableCheckpoint {
  readonly seq: number;
  /** Empty at 0. */
  readonly digest: string;
  readonly proof: readonly Signed<Checkpoint>[];
  /** The bytes that the digest is of; empty at 0. */
  readonly state: Uint8Array;
}

/** The key of a record: one of each. */
export function keyOf(record: DurableRecord): string {
  switch (record.kind) {
    case 'view':
    case 'stable':
      return record.kind;
    case 'batch':
      return `batch/${record.digest}`;
    default:
      return `${record.kind}/${record.seq}`;
  }
}
