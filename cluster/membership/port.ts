/**
 * The port of membership: who is in the cluster, and what changes. Whatever protocol finds it out (heartbeats now) stays
 * behind this.
 */
import type { Unsubscribe } from '../transport/port.js';

/** A living node. Plain data. */
export interface Member {
  /** Unique among the living nodes of the cluster. */
  readonly name: string;
  /** Start of the node's process in base 36, so that a later life of the same name compares as later. */
  readonly incarnation: string;
  readonly pid: number;
  readonly host: string;
  /** `worker` nodes host agents; a `client` only talks to others. */
  readonly roles: readonly string[];
  /** What placement or people may tell nodes apart by, such as `{ zone: 'a' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Ids of the executors that host ordinary actors. */
  readonly executors: readonly number[];
  readonly cores: number;
  /** Share of its capacity that is in use, from 0 (idle) upwards; as of its last heartbeat. */
  readonly load: number;
}

/**
 * Why a member is gone. `left`: it said goodbye. `timeout`: it fell silent; should it come back, it is up again under the
 * same incarnation. `replaced`: a later life of the same name is there.
 */
export type DownReason = 'timeout' | 'left' | 'replaced';

/** One change of the members. */
export type MembershipChange =
  | { readonly type: 'up'; readonly member: Member }
  | { readonly type: 'down'; readonly member: Member; readonly reason: DownReason };

/** What others may know. */
export interface MembershipView {
  /** This node. */
  readonly self: Member;
  /** The living nodes, this one included, sorted by name. */
  members(): readonly Member[];
  /** Called with each change, in order, after `members` shows it. */
  onChange(handler: (change: MembershipChange) => void): Unsubscribe;
}

/** Negative when `a` is the earlier incarnation, positive when it is the later, 0 when they are the same. */
export function compareIncarnations(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
