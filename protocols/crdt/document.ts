/**
 * One replicated document and its delta buffer: the per-object state of Algorithm 2 of Almeida, Shoker and Baquero (JPDC
 * 2018, section 6.2), in its names X, c, D and A.
 *
 *       first        acked by b       acked by a          seq
 *         |--- d --- d ---|--- d --- d ---|--- d --- d ----|         X^seq is the state
 *
 * A delta-interval from `from` to `seq` is the join of the deltas between; the one from 0 is the whole state. It may be
 * merged where the state X^from was merged before (the causal delta-merging condition, definition 7 of the paper). What a
 * neighbour has acked is what it has merged and made durable, so it is where the next interval to it begins. When the
 * buffer does not reach back to there, it gets the whole state.
 */
import type { NodeId, ReplicaId } from './dot.js';
import { childKey, type Kind } from './kind.js';
import { bottom, type Causal, difference, join } from './store.js';

/** A delta in the buffer. */
interface Buffered {
  readonly delta: Causal;
  /** The replica that it came from, which needs not be sent it again; undefined for own updates. */
  readonly origin: ReplicaId | undefined;
}

/** A document at one replica; made by {@link newDocument}. */
export interface Document {
  readonly kind: Kind;
  readonly name: string;
  /** X. Never changed, but replaced. */
  state: Causal;
  /** c: how often this replica has inflated the state. Durable with it. */
  seq: number;
  /** Number of the oldest delta in the buffer; `seq` when it is empty. */
  first: number;
  /** D: the delta at index k leads from X^(first + k) to the next. */
  readonly deltas: Buffered[];
  /** A: up to where each neighbour has merged it. Not there: nothing is known. */
  readonly acked: Map<NodeId, number>;
  /** Up to where this replica has merged others. Durable with the state. Replaced, not changed. */
  merged: ReadonlyMap<ReplicaId, number>;
}

/** What has to be durable of a document. Immutable. */
export interface DocumentRecord {
  readonly kind: Kind;
  readonly name: string;
  readonly state: Causal;
  readonly seq: number;
  readonly merged: ReadonlyMap<ReplicaId, number>;
}

/** A delta-group: the join of a delta-interval. */
export interface Group {
  readonly kind: Kind;
  readonly name: string;
  /** The interval begins here; 0 for a whole state. */
  readonly from: number;
  readonly to: number;
  readonly delta: Causal;
}

/** The name of a document among all kinds. */
export function addressOf({ kind, name }: { readonly kind: Kind; readonly name: string }): string {
  return childKey(kind, name);
}

/** A document that nothing was done to. */
export function newDocument(kind: Kind, name: string): Document {
  return { kind, name, state: bottom, seq: 0, first: 0, deltas: [], acked: new Map(), merged: new Map() };
}

/** A document as its record has it. The buffer and what others acked were not durable. */
export function restoredDocument({ kind, name, state, seq, merged }: DocumentRecord): Document {
  return { kind, name, state, seq, first: seq, deltas: [], acked: new Map(), merged };
}

export function recordOf({ kind, name, state, seq, merged }: Document): DocumentRecord {
  return { kind, name, state, seq, merged };
}

/** Takes an inflated state, and buffers what is new in it, not what arrived (Enes et al., ICDE 2019: RR). */
export function inflate(document: Document, after: Causal, origin: ReplicaId | undefined): void {
  document.deltas.push({ delta: difference(after, document.state), origin });
  document.state = after;
  document.seq += 1;
}

/** What brings a neighbour from what it has acked to the present, less what came from there (Enes et al.: BP). */
export function interval(document: Document, node: NodeId, receiver: ReplicaId): Group {
  const { kind, name, state, seq, first, deltas } = document;
  const from = document.acked.get(node) ?? 0;
  if (from < first || from === 0) return { kind, name, from: 0, to: seq, delta: state };
  let delta = bottom;
  for (const buffered of deltas.slice(from - first))
    if (buffered.origin !== receiver) delta = join(delta, buffered.delta);
  return { kind, name, from, to: seq, delta };
}

/** Forgets deltas that all neighbours have acked. Gives how many. */
export function collect(document: Document, neighbours: Iterable<NodeId>): number {
  let least = document.seq;
  for (const node of neighbours) least = Math.min(least, document.acked.get(node) ?? 0);
  return forget(document, least - document.first);
}

/** Forgets the oldest deltas, whoever lacks them: those get the whole state. Gives how many. */
export function forget(document: Document, count: number): number {
  if (count <= 0) return 0;
  const forgotten = document.deltas.splice(0, count).length;
  document.first += forgotten;
  return forgotten;
}

/** Notes that the state of another replica is merged up to there. */
export function noteMerged(document: Document, replica: ReplicaId, to: number): void {
  if ((document.merged.get(replica) ?? 0) >= to) return;
  document.merged = new Map(document.merged).set(replica, to);
}
