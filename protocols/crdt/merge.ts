/**
 * The receiving half of anti-entropy: delta-groups in, acks out; and acks in, buffers freed. (Algorithm 2 of Almeida,
 * Shoker and Baquero, JPDC 2018, "on receive".)
 *
 * A group is merged when the causal delta-merging condition holds: what it begins at was merged before. Algorithm 2 can
 * leave that to the sender, since replicas there never lose their durable state. Here the receiver looks as well, at what
 * it has made durable of that very sender, and asks for more when there is a gap.
 *
 * What is acked is durable: the sender forgets it then.
 */
import { lastOf, withoutReplicas } from './context.js';
import { addressOf, collect, type Document, type Group, inflate, noteMerged, recordOf } from './document.js';
import type { NodeId, ReplicaId } from './dot.js';
import { hearStamp, isAhead } from './hlc.js';
import type { Ack } from './message.js';
import {
  documentAt,
  type Neighbour,
  noteForgotten,
  noteInflated,
  persist,
  type ReplicaEffect,
  type ReplicaState,
  stop,
} from './state.js';
import { type Causal, dotsOf, join, withoutDotsOf } from './store.js';

/** Merges groups of one message, and acks them. */
export function mergeGroups(
  state: ReplicaState,
  neighbour: Neighbour,
  from: ReplicaId,
  groups: readonly Group[],
  wallMs: number,
  effects: ReplicaEffect[],
): void {
  const acks: Ack[] = [];
  const inflated = new Set<Document>();
  for (const group of groups) {
    const document = documentAt(state, group.kind, group.name);
    if (document === undefined) {
      state.counts.full += 1;
      continue;
    }
    if (knowsUnknownOwnDots(state, document, group.delta)) {
      stop(state, 'own-dots', effects);
      return;
    }
    acks.push(mergeGroup(state, document, from, group, wallMs, inflated));
  }
  if (inflated.size > 0) {
    effects.push(persist(state, [...inflated].map(recordOf)));
    for (const { kind, name } of inflated) effects.push({ type: 'changed', kind, name });
  }
  if (acks.length > 0)
    effects.push({
      type: 'send',
      to: neighbour.node,
      message: { type: 'acks', from: state.replica, to: from, acks },
    });
}

function mergeGroup(
  state: ReplicaState,
  document: Document,
  from: ReplicaId,
  { kind, name, from: begin, to, delta }: Group,
  wallMs: number,
  inflated: Set<Document>,
): Ack {
  const merged = document.merged.get(from) ?? 0;
  if (begin > merged) {
    state.counts.gaps += 1;
    return { kind, name, seq: merged, gap: true };
  }
  const known = withoutRetired(delta, state.retired);
  hearStamps(state, known, wallMs);
  const after = join(document.state, known);
  if (after !== document.state) {
    inflate(document, after, from);
    noteInflated(state, document);
    inflated.add(document);
  }
  noteMerged(document, from, to);
  return { kind, name, seq: to, gap: false };
}

/** The delta as if the retired ids had never been: whatever they did was taken over, or is gone. */
export function withoutRetired({ store, context }: Causal, retired: ReadonlySet<ReplicaId>): Causal {
  return { store: withoutDotsOf(store, retired), context: withoutReplicas(context, retired) };
}

/** Others have seen updates of this replica that it never made: its store is older than what it has sent. */
function knowsUnknownOwnDots({ replica }: ReplicaState, { state }: Document, { context }: Causal): boolean {
  return lastOf(context, replica) > lastOf(state.context, replica);
}

function hearStamps(state: ReplicaState, { store }: Causal, wallMs: number): void {
  for (const { payload } of dotsOf(store)) {
    if (payload.type !== 'stamped') continue;
    if (isAhead(payload.stamp, wallMs, state.settings.maxAheadMs)) state.counts.ahead += 1;
    else state.clock = hearStamp(state.clock, payload.stamp, wallMs);
  }
}

/** Takes acks: what all have is forgotten, and what one has is not sent there again. */
export function takeAcks(state: ReplicaState, neighbour: Neighbour, acks: readonly Ack[]): void {
  for (const { kind, name, seq, gap } of acks) {
    const document = state.documents.get(addressOf({ kind, name }));
    if (document === undefined || seq > document.seq) {
      state.counts.nonsense += 1;
      continue;
    }
    if (gap) lowerAck(neighbour, document, seq);
    else raiseAck(state, neighbour, document, seq);
  }
}

/** The neighbour has merged the document up to there. */
export function raiseAck(state: ReplicaState, neighbour: Neighbour, document: Document, seq: number): void {
  const { node, dirty, sent } = neighbour;
  document.acked.set(node, Math.max(document.acked.get(node) ?? 0, seq));
  if ((document.acked.get(node) ?? 0) >= document.seq) {
    dirty.delete(addressOf(document));
    sent.delete(addressOf(document));
  }
  forgetAcked(state, document);
}

/** The neighbour has less than was thought: the next group to it begins there. */
export function lowerAck({ node, dirty, sent }: Neighbour, document: Document, seq: number): void {
  if ((document.acked.get(node) ?? 0) > seq) document.acked.set(node, seq);
  if (seq < document.seq) dirty.add(addressOf(document));
  sent.delete(addressOf(document));
}

/** Frees what no neighbour lacks. */
export function forgetAcked(state: ReplicaState, document: Document): void {
  const forgotten = collect(document, nodesOf(state));
  if (forgotten > 0) noteForgotten(state, document, forgotten);
}

function nodesOf({ neighbours }: ReplicaState): Iterable<NodeId> {
  return neighbours.keys();
}
