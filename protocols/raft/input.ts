/**
 * What happens to a node: time, messages, what clients and operators ask for, and what came of effects.
 */
import type { RaftMessage } from './message.js';
import type { ConfigChange, NodeId, RequestId, Snapshot } from './types.js';

export type RaftInput =
  /**
   * Time has passed by the monotonic clock of the node: `count` whole ticks since the last of these inputs, by default
   * one. A node that hung counts what it missed, because a leader's lease runs out meanwhile.
   */
  | { readonly type: 'tick'; readonly count?: number }
  /** A message that passed `asMessage`. */
  | { readonly type: 'receive'; readonly from: NodeId; readonly message: RaftMessage }
  /** Append this to the log. Refused by all but the leader. */
  | { readonly type: 'propose'; readonly id: RequestId; readonly data: Uint8Array }
  /** Change the configuration. Refused by all but the leader. */
  | { readonly type: 'change'; readonly id: RequestId; readonly change: ConfigChange }
  /**
   * Which state may be read? `lateTicks` is how many ticks, whole or not, have passed by the monotonic clock since the
   * last `tick` was given; by default 1. It counts against a lease only.
   */
  | { readonly type: 'read'; readonly id: RequestId; readonly lateTicks?: number }
  /** Make another voter the leader. Refused by all but the leader. */
  | { readonly type: 'transfer'; readonly id: RequestId; readonly to: NodeId }
  /** Start an election at once. */
  | { readonly type: 'campaign' }
  /** The driver knows that the leader is gone: it does not stand against elections any more. Not with leases. */
  | { readonly type: 'forget-leader' }
  /** A `persist` is durable. The fields are those of its `token`. */
  | { readonly type: 'persisted'; readonly term: number; readonly index: number; readonly logTerm: number }
  /** The state machine has applied all up to here. */
  | { readonly type: 'applied'; readonly index: number }
  /** A snapshot of the state machine, described by `describeSnapshot`, is durable. */
  | { readonly type: 'snapshotted'; readonly snapshot: Snapshot }
  /** What a `read-chunk` asked for. `done`: no byte follows. */
  | {
      readonly type: 'chunk';
      readonly to: NodeId;
      readonly index: number;
      readonly offset: number;
      readonly data: Uint8Array;
      readonly done: boolean;
    }
  /** What a `read-chunk` asked for is not there, or the snapshot cannot be delivered: try again from the beginning. */
  | { readonly type: 'chunk-failed'; readonly to: NodeId; readonly index: number }
  /** Messages to this node are probably lost. */
  | { readonly type: 'unreachable'; readonly node: NodeId };
