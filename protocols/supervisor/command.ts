/**
 * What changes a replicated supervisor: commands, proposed by its leader, and what came of each when it was applied. A
 * command is a wish: by the time it is committed another may have been committed before it, so each says what it takes
 * for granted (an epoch, an attempt, a life), and one whose ground is gone changes nothing.
 */
import type { ChildSpec, MemberStatus } from './state.js';

/** Why a lease is not given any more. */
export type WithdrawReason =
  /** Its holder did not renew it. */
  | 'lease'
  /** Its node is to be empty. */
  | 'drain'
  /** The supervisor gave up. */
  | 'escalated'
  /** Its node is dead, or left. */
  | 'node-down'
  /** The strategy restarts it with another. */
  | 'strategy'
  | 'removed';

/** Why a child runs no more. */
export type EndReason =
  /** By itself: this counts. */
  | 'crash'
  /** Its node was told to stop it, or its lease ran out. */
  | 'stopped';

export type Command =
  | { readonly type: 'add-child'; readonly child: ChildSpec }
  | { readonly type: 'remove-child'; readonly child: string }
  /** What SWIM says of a node at the leader. */
  | {
      readonly type: 'member';
      readonly node: string;
      readonly life: number;
      readonly incarnation: number;
      readonly status: MemberStatus;
      readonly labels: readonly string[];
    }
  | { readonly type: 'drain'; readonly node: string; readonly draining: boolean }
  /** The lease of the child is not given any more in this epoch. */
  | {
      readonly type: 'withdraw';
      readonly child: string;
      readonly epoch: number;
      readonly reason: WithdrawReason;
    }
  /**
   * The child is to run there, in an epoch of its own. `after` is its epoch before. Proposed for a child that is leaving
   * only by a leader who knows that its lease is over.
   */
  | {
      readonly type: 'place';
      readonly child: string;
      readonly after: number;
      readonly node: string;
      readonly life: number;
    }
  /** The child runs no more in this epoch: its node says so. */
  | { readonly type: 'ended'; readonly child: string; readonly epoch: number; readonly reason: EndReason }
  /** The lease of a child that is leaving and not to be placed is over. */
  | { readonly type: 'vacate'; readonly child: string; readonly epoch: number }
  /** The parent of a supervisor that gave up starts it again. */
  | { readonly type: 'resume' }
  /** A client hands a task over; it has the results of all up to `acked`. */
  | {
      readonly type: 'submit';
      readonly client: string;
      readonly seq: number;
      readonly acked: number;
      readonly payload: string;
    }
  /** `attempt` is how often it was assigned before. */
  | {
      readonly type: 'assign';
      readonly task: string;
      readonly attempt: number;
      readonly child: string;
      readonly epoch: number;
    }
  | {
      readonly type: 'complete';
      readonly task: string;
      readonly child: string;
      readonly epoch: number;
      readonly attempt: number;
      readonly result: string;
    }
  | {
      readonly type: 'fail';
      readonly task: string;
      readonly child: string;
      readonly epoch: number;
      readonly attempt: number;
    };

/** One entry of the log: commands of one moment. */
export interface Batch {
  /** The time of the log at the leader that proposed it. */
  readonly atMs: number;
  readonly commands: readonly Command[];
}

/** What came of commands, in their order; one may bring about several, or none. */
export type Outcome =
  | { readonly type: 'added' | 'removed'; readonly child: string }
  | { readonly type: 'member'; readonly node: string; readonly life: number; readonly status: MemberStatus }
  | { readonly type: 'drain'; readonly node: string; readonly draining: boolean }
  | {
      readonly type: 'placed';
      readonly child: string;
      readonly epoch: number;
      readonly node: string;
      readonly life: number;
      /** It was leaving another home, whose lease was over. */
      readonly after: 'lease' | 'end';
    }
  | {
      readonly type: 'withdrawn';
      readonly child: string;
      readonly epoch: number;
      readonly reason: WithdrawReason;
    }
  /** `restart`: its life ended with that of its node. */
  | {
      readonly type: 'ended';
      readonly child: string;
      readonly epoch: number;
      readonly reason: EndReason | 'restart' | 'lease';
    }
  | { readonly type: 'escalated'; readonly child: string }
  | { readonly type: 'resumed' }
  /** `again`: it had been accepted before. */
  | { readonly type: 'accepted'; readonly task: string; readonly again: boolean }
  /** The client has said that it has the result. */
  | { readonly type: 'settled'; readonly task: string }
  | {
      readonly type: 'assigned';
      readonly task: string;
      readonly child: string;
      readonly epoch: number;
      readonly attempt: number;
    }
  | {
      readonly type: 'completed';
      readonly task: string;
      readonly child: string;
      readonly epoch: number;
      readonly attempt: number;
    }
  /** It is to be tried again. */
  | { readonly type: 'requeued'; readonly task: string; readonly attempt: number }
  /** Its ground is gone: a word from an old epoch, an attempt that was given up, a second completion. */
  | { readonly type: 'refused'; readonly command: Command['type']; readonly epoch: number };
