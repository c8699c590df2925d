/**
 * What replicas say to each other. Replicas are named by their ids, of which a node has one at a time: what was computed
 * for one life of a node must not be merged by the next, which may have lost what the delta builds upon.
 *
 *     digest  --> the same root: agreed            deltas --> acks
 *             --> another root: buckets --> summary --> acks of the documents that are the same
 */
import type { Hash } from './digest.js';
import type { Group } from './document.js';
import type { ReplicaId } from './dot.js';
import type { Kind } from './kind.js';

/** What the sender has of a document. */
export interface Summary {
  readonly kind: Kind;
  readonly name: string;
  readonly hash: Hash;
  readonly seq: number;
}

/** Answers a group or a summary. */
export interface Ack {
  readonly kind: Kind;
  readonly name: string;
  /** The state of the sender of the group up to here is merged and durable at the receiver. */
  readonly seq: number;
  /** The group did not join on: it was dropped, and the next has to begin at `seq` or before. */
  readonly gap: boolean;
}

export type CrdtMessage =
  | {
      readonly type: 'digest';
      readonly from: ReplicaId;
      readonly root: Hash;
      /** An answer is wanted when the roots are the same, too. */
      readonly ask: boolean;
      /** All ids that are retired. */
      readonly retired: readonly ReplicaId[];
    }
  | { readonly type: 'buckets'; readonly from: ReplicaId; readonly to: ReplicaId; readonly buckets: readonly Hash[] }
  | {
      readonly type: 'summary';
      readonly from: ReplicaId;
      readonly to: ReplicaId;
      readonly documents: readonly Summary[];
    }
  | { readonly type: 'deltas'; readonly from: ReplicaId; readonly to: ReplicaId; readonly groups: readonly Group[] }
  | { readonly type: 'acks'; readonly from: ReplicaId; readonly to: ReplicaId; readonly acks: readonly Ack[] };
