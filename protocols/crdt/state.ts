/**
 * The state of a replica, what it takes and what it gives. See `replica.ts` for how they hang together.
 */
import type { Context } from './context.js';
import { type Digest, type Hash, newDigest } from './digest.js';
import { addressOf, type Document, type DocumentRecord, forget, newDocument } from './document.js';
import { compareText, type NodeId, type ReplicaId } from './dot.js';
import type { Clock } from './hlc.js';
import type { Kind } from './kind.js';
import type { CrdtMessage } from './message.js';
import type { Operation, Refusal } from './operation.js';
import type { Identity } from './packet.js';

/** Limits of a replica. Ticks are as long as the driver makes them; 100 ms is a good tick for a local network. */
export interface ReplicaSettings {
  /** Neighbours that a tick ships deltas to, at most. All changes reach n replicas in about log n / log (fanout + 1) ticks. */
  readonly fanout: number;
  /** Ticks before the same is sent again to a neighbour that has not acked it: more than a round trip. */
  readonly resendTicks: number;
  /** Ticks between two digests: all that a replica says when nothing happens. */
  readonly digestTicks: number;
  /** Documents in one message, at most. */
  readonly groupsPerMessage: number;
  /** Deltas that one document buffers. A neighbour that lags further behind gets the whole state. */
  readonly deltasPerDocument: number;
  /** Deltas that all documents buffer together. */
  readonly deltasInAll: number;
  /** Documents that this replica holds, whoever makes them. */
  readonly maxDocuments: number;
  /** Milliseconds that a stamp may be ahead of the wall clock and still be followed. */
  readonly maxAheadMs: number;
}

/** Good for ticks of 100 ms, tens of neighbours and many thousands of small documents. */
export const defaultReplicaSettings: ReplicaSettings = {
  fanout: 3,
  resendTicks: 5,
  digestTicks: 50,
  groupsPerMessage: 64,
  deltasPerDocument: 64,
  deltasInAll: 16_384,
  maxDocuments: 100_000,
  maxAheadMs: 60_000,
};

/** What a replica knows of another. */
export interface Neighbour {
  readonly node: NodeId;
  /** The id that it goes by; undefined before its first word. */
  replica: ReplicaId | undefined;
  /** Addresses of documents of which it may not have all. */
  readonly dirty: Set<string>;
  /** When it was sent what last, by address. */
  readonly sent: Map<string, { readonly seq: number; readonly tick: number }>;
  /** Nothing is shipped before this tick: roots may turn out to be the same. */
  holdUntil: number;
  /** The root that it told last. */
  root: Hash | undefined;
}

/** What happened that an operator may want to see in numbers. */
export interface Counts {
  /** Of a node that is not a neighbour, or under an id that is not of that node. */
  strangers: number;
  /** For another life of this node. */
  misaddressed: number;
  /** Groups that did not join on to what was merged. */
  gaps: number;
  /** Whole states that were sent in the place of deltas. */
  wholeStates: number;
  /** Stamps that were too far ahead to be followed. */
  ahead: number;
  /** Deltas that were forgotten before all neighbours had acked them. */
  evicted: number;
  /** Documents in which two replicas differed that both thought they had all of each other. */
  repaired: number;
  /** Groups of documents for which there was no room. */
  full: number;
  /** Acks of what was never sent. */
  nonsense: number;
}

/** State of a replica; made by `openReplica`. */
export interface ReplicaState {
  readonly settings: ReplicaSettings;
  readonly node: NodeId;
  readonly replica: ReplicaId;
  /** State of the generator of chance. */
  chance: number;
  tick: number;
  clock: Clock;
  /** By address. */
  readonly documents: Map<string, Document>;
  readonly neighbours: Map<NodeId, Neighbour>;
  /** Ids whose dots are all counted as seen, without being in any context. */
  readonly retired: Set<ReplicaId>;
  readonly digest: Digest;
  /** Addresses of documents with deltas in their buffers, those longest in it first. */
  readonly buffering: Set<string>;
  /** Deltas in all buffers. */
  buffered: number;
  readonly counts: Counts;
  /** Why it does nothing any more; undefined while it lives. */
  stopped: StopReason | undefined;
}

/** It met dots of its own that it does not know, or its id was retired: its store is not what it last was. */
export type StopReason = 'own-dots' | 'retired';

/** Each comes with the time of the wall clock, in whole milliseconds from 0. It may jump and be wrong. */
export type ReplicaInput = { readonly wallMs: number } & (
  | { readonly type: 'tick' }
  | { readonly type: 'receive'; readonly from: NodeId; readonly message: CrdtMessage }
  | {
      readonly type: 'mutate';
      /** Comes back with the effect that answers it. */
      readonly id: number;
      readonly kind: Kind;
      readonly name: string;
      readonly operation: Operation;
    }
  /** All other nodes that take part from now on. */
  | { readonly type: 'neighbours'; readonly nodes: readonly NodeId[] }
  /** Makes what a departed replica left this replica's own; asked of one replica only, see `prune.ts`. */
  | { readonly type: 'adopt'; readonly id: number; readonly departed: ReplicaId }
  /** Takes the id of a departed replica out of all contexts, everywhere. */
  | { readonly type: 'retire'; readonly id: number; readonly departed: ReplicaId }
);

/** Carried out in order, each once the one before is complete. */
export type ReplicaEffect =
  /** To be made durable, the clock with each record. */
  | {
      readonly type: 'persist';
      readonly identity: Identity | undefined;
      readonly documents: readonly DocumentRecord[];
      readonly clock: Clock;
    }
  | { readonly type: 'send'; readonly to: NodeId; readonly message: CrdtMessage }
  /** The operation is done, and durable here. */
  | { readonly type: 'accept'; readonly id: number }
  | { readonly type: 'refuse'; readonly id: number; readonly reason: RefuseReason }
  /** Others changed the document. */
  | { readonly type: 'changed'; readonly kind: Kind; readonly name: string }
  /** The driver opens the replica again, under a new id. */
  | { readonly type: 'stop'; readonly reason: StopReason };

export type RefuseReason = Refusal | 'too-many-documents' | 'stopped' | 'not-departed' | 'not-converged';

/** A replica without documents and neighbours. */
export function newState(
  settings: ReplicaSettings,
  node: NodeId,
  replica: ReplicaId,
  clock: Clock,
  seed: number,
): ReplicaState {
  return {
    settings,
    node,
    replica,
    chance: seed | 0,
    tick: 0,
    clock,
    documents: new Map(),
    neighbours: new Map(),
    retired: new Set(),
    digest: newDigest(),
    buffering: new Set(),
    buffered: 0,
    counts: {
      strangers: 0,
      misaddressed: 0,
      gaps: 0,
      wholeStates: 0,
      ahead: 0,
      evicted: 0,
      repaired: 0,
      full: 0,
      nonsense: 0,
    },
    stopped: undefined,
  };
}

/** A neighbour that has not said a word, and may lack all of some documents. */
export function newNeighbour(node: NodeId, addresses: Iterable<string>): Neighbour {
  return { node, replica: undefined, dirty: new Set(addresses), sent: new Map(), holdUntil: 0, root: undefined };
}

/** The document, made when there is none; undefined when there is no room for another. */
export function documentAt(state: ReplicaState, kind: Kind, name: string): Document | undefined {
  const address = addressOf({ kind, name });
  const found = state.documents.get(address);
  if (found !== undefined) return found;
  if (state.documents.size >= state.settings.maxDocuments) return undefined;
  const made = newDocument(kind, name);
  state.documents.set(address, made);
  return made;
}

/** Does what follows from a new delta in a buffer: all neighbours lack it, and buffers have bounds. */
export function noteInflated(state: ReplicaState, document: Document): void {
  const { settings, buffering } = state;
  const address = addressOf(document);
  for (const neighbour of state.neighbours.values()) neighbour.dirty.add(address);
  state.digest.stale.add(address);
  buffering.add(address);
  state.buffered += 1;
  if (state.neighbours.size === 0) {
    // Nobody can lack it: whoever joins gets the whole state.
    noteForgotten(state, document, forget(document, document.deltas.length));
    return;
  }
  evict(state, document, document.deltas.length - settings.deltasPerDocument);
  for (const oldest of buffering) {
    if (state.buffered <= settings.deltasInAll) break;
    const crowded = state.documents.get(oldest);
    if (crowded !== undefined) evict(state, crowded, state.buffered - settings.deltasInAll);
  }
}

/** Does what follows from deltas that are gone from a buffer. */
export function noteForgotten(state: ReplicaState, document: Document, count: number): void {
  state.buffered -= count;
  if (document.deltas.length === 0) state.buffering.delete(addressOf(document));
}

function evict(state: ReplicaState, document: Document, count: number): void {
  const forgotten = forget(document, count);
  if (forgotten === 0) return;
  state.counts.evicted += forgotten;
  noteForgotten(state, document, forgotten);
}

/** What is durable beside the documents. */
export function identityOf({ replica, retired }: ReplicaState): Identity {
  return { replica, retired: [...retired].toSorted(compareText) };
}

/** Persists documents, and the identity too when asked. */
export function persist(state: ReplicaState, documents: readonly DocumentRecord[], identity?: Identity): ReplicaEffect {
  return { type: 'persist', identity, documents, clock: state.clock };
}

/** All ids that the contexts of a replica name. */
export function idsOf(state: ReplicaState): ReadonlySet<ReplicaId> {
  const ids = new Set<ReplicaId>();
  const add = (context: Context): void => {
    for (const replica of context.keys()) ids.add(replica);
  };
  for (const { state: causal } of state.documents.values()) add(causal.context);
  return ids;
}

/** Stops the replica: from here on it takes nothing and says nothing. */
export function stop(state: ReplicaState, reason: StopReason, effects: ReplicaEffect[]): void {
  state.stopped = reason;
  effects.push({ type: 'stop', reason });
}
