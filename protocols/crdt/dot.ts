/**
 * Dots: names of single updates. A dot is the id of a replica and the number of an update of that replica, counted from 1
 * within one document; it is given once and never again. Everything else of these types rests on that, so a replica that
 * cannot prove that it knows its last dot goes on under another id (see `open.ts`).
 */

declare const brand: unique symbol;

/** One life of a replica as far as its durable state reaches: `node.incarnation`. Never used for two different states. */
export type ReplicaId = string & { readonly [brand]: 'ReplicaId' };

/** Where a replica is reached. A node has one replica at a time, and one after the other when it loses its store. */
export type NodeId = string & { readonly [brand]: 'NodeId' };

/** The name of one update. */
export interface Dot {
  readonly replica: ReplicaId;
  /** Counted from 1. */
  readonly counter: number;
}

/** By replica, then by counter; negative when the first goes first. The order of everything that is encoded. */
export function compareDots(one: Dot, other: Dot): number {
  return compareText(one.replica, other.replica) || one.counter - other.counter;
}

/** By UTF-16 code unit, which is the order of `<` and the same everywhere. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The id of a replica: the node, and a number that the node has never used before. */
export function replicaId(node: NodeId, incarnation: number): ReplicaId {
  return `${node}.${incarnation}` as ReplicaId;
}

/** The node that a replica is, or was, reached at. */
export function nodeOf(replica: ReplicaId): NodeId {
  return replica.slice(0, Math.max(0, replica.lastIndexOf('.'))) as NodeId;
}
