/**
 * One replica of delta-state CRDTs: a step function over many documents, replicated by anti-entropy. (Almeida, Shoker
 * and Baquero, "Delta state replicated data types", JPDC 2018, Algorithm 2.)
 *
 *     mutate --> delta --> state' --persist--> accept          tick --> deltas to some neighbours that lack them
 *     deltas --> state' --persist--> changed, acks             acks --> less to send, shorter buffers
 *     digest --> agreed, or buckets, summaries and acks of what is the same (see `agree.ts`)
 *
 * The step changes the state that it is given, which belongs to it. What is in effects is never changed afterwards:
 * states of documents are values. Nothing is sent before what it tells of is durable, because effects are in order.
 *
 * Where it goes beyond Algorithm 2: the receiver enforces the causal delta-merging condition too; buffers have bounds;
 * what a neighbour sent is not sent back to it, and only what was new is passed on (Enes, Almeida, Baquero and Leitao,
 * "Efficient synchronization of state-based CRDTs", ICDE 2019); hashes take the place of acks that a restart lost;
 * replicas have new ids when they lose their store; departed ids can be pruned.
 */
import { unreachable } from '../wire/error.js';
import { meet, takeBuckets, takeDigest, takeSummary } from './agree.js';
import { lastOf } from './context.js';
import { addressOf, inflate, recordOf } from './document.js';
import { nodeOf, type NodeId } from './dot.js';
import { stampEvent } from './hlc.js';
import { isKey, type Kind } from './kind.js';
import { forgetAcked, mergeGroups, takeAcks } from './merge.js';
import type { CrdtMessage } from './message.js';
import { mutate, type Operation } from './operation.js';
import { adopt, learnRetired, retire } from './prune.js';
import { ship } from './ship.js';
import {
  documentAt,
  newNeighbour,
  noteInflated,
  persist,
  type RefuseReason,
  type ReplicaEffect,
  type ReplicaInput,
  type ReplicaState,
} from './state.js';
import { bottom, join } from './store.js';
import { type Value, valueOf } from './value.js';

/** One step. */
export function stepReplica(
  state: ReplicaState,
  input: ReplicaInput,
): { readonly state: ReplicaState; readonly effects: readonly ReplicaEffect[] } {
  const effects: ReplicaEffect[] = [];
  if (state.stopped !== undefined) {
    if ('id' in input) effects.push({ type: 'refuse', id: input.id, reason: 'stopped' });
    return { state, effects };
  }
  switch (input.type) {
    case 'tick':
      ship(state, effects);
      break;
    case 'receive':
      receive(state, input.from, input.message, input.wallMs, effects);
      break;
    case 'mutate':
      update(state, input, effects);
      break;
    case 'neighbours':
      setNeighbours(state, input.nodes);
      break;
    case 'adopt':
      adopt(state, input.id, input.departed, effects);
      break;
    case 'retire':
      retire(state, input.id, input.departed, effects);
      break;
    default:
      unreachable(input);
  }
  return { state, effects };
}

/** The value of a document as it is here; that of an empty one when there is none. */
export function readDocument(state: ReplicaState, kind: Kind, name: string): Value {
  return valueOf(kind, state.documents.get(addressOf({ kind, name }))?.state.store);
}

function update(
  state: ReplicaState,
  input: Extract<ReplicaInput, { readonly type: 'mutate' }>,
  effects: ReplicaEffect[],
): void {
  const reason = change(state, input.kind, input.name, input.operation, input.wallMs, effects);
  if (reason === undefined) effects.push({ type: 'accept', id: input.id });
  else effects.push({ type: 'refuse', id: input.id, reason });
}

/** "On operation" of Algorithm 2. Gives why nothing was done, if nothing was. */
function change(
  state: ReplicaState,
  kind: Kind,
  name: string,
  operation: Operation,
  wallMs: number,
  effects: ReplicaEffect[],
): RefuseReason | undefined {
  if (!isKey(name)) return 'bad-key';
  const before = state.documents.get(addressOf({ kind, name }))?.state ?? bottom;
  const stamp = stampEvent(state.clock, wallMs);
  const dot = { replica: state.replica, counter: lastOf(before.context, state.replica) + 1 };
  const delta = mutate(kind, before, operation, { dot, stamp });
  if (typeof delta === 'string') return delta;
  const after = join(before, delta);
  // Nothing was there to be removed.
  if (after === before) return undefined;
  const document = documentAt(state, kind, name);
  if (document === undefined) return 'too-many-documents';
  state.clock = stamp;
  inflate(document, after, undefined);
  noteInflated(state, document);
  effects.push(persist(state, [recordOf(document)]));
  return undefined;
}

function setNeighbours(state: ReplicaState, nodes: readonly NodeId[]): void {
  const present = new Set(nodes.filter((node) => node !== state.node));
  for (const node of [...state.neighbours.keys()]) {
    if (present.has(node)) continue;
    state.neighbours.delete(node);
    for (const document of state.documents.values()) document.acked.delete(node);
  }
  for (const node of present) {
    if (state.neighbours.has(node)) continue;
    state.neighbours.set(node, newNeighbour(node, state.documents.keys()));
  }
  // Nobody waits any more for those that are gone.
  for (const document of state.documents.values()) forgetAcked(state, document);
}

function receive(
  state: ReplicaState,
  node: NodeId,
  message: CrdtMessage,
  wallMs: number,
  effects: ReplicaEffect[],
): void {
  const neighbour = state.neighbours.get(node);
  const { from } = message;
  if (neighbour === undefined || nodeOf(from) !== node) {
    state.counts.strangers += 1;
    return;
  }
  if (message.type === 'digest') {
    learnRetired(state, message.retired, effects);
    if (state.stopped !== undefined) return;
  }
  if (neighbour.replica !== from) meet(state, neighbour, from, effects);
  if (message.type !== 'digest' && message.to !== state.replica) {
    // What it builds upon, the life before may have had and this one lacks. By the digest the sender learns of this one.
    state.counts.misaddressed += 1;
    return;
  }
  switch (message.type) {
    case 'digest':
      takeDigest(state, neighbour, from, message.root, message.ask, effects);
      break;
    case 'buckets':
      takeBuckets(state, neighbour, from, message.buckets, effects);
      break;
    case 'summary':
      takeSummary(state, neighbour, from, message.documents, effects);
      break;
    case 'deltas':
      mergeGroups(state, neighbour, from, message.groups, wallMs, effects);
      break;
    case 'acks':
      takeAcks(state, neighbour, message.acks);
      break;
    default:
      unreachable(message);
  }
}
