/**
 * The cheap way to find out that nothing is to be done: digests. Replicas that agree exchange one message of a few dozen
 * bytes each `digestTicks`; after a restart, when nothing is known of what the others have, equal hashes stand in for the
 * acks that were lost, so that no state is sent that is there already.
 *
 *     a: digest(root) --> b   same root: b knows that a has all; tells so when it was asked
 *                             another root: buckets --> a: summary of the buckets that differ --> b: acks of equal ones
 *
 * Equal hashes are equal states, and a state that was sent is durable: so each has merged the other up to there.
 */
import { differing, type Hash, noHash, refresh, rootOf, sameHash } from './digest.js';
import { addressOf, type Document, noteMerged } from './document.js';
import type { ReplicaId } from './dot.js';
import { forgetAcked, lowerAck, raiseAck } from './merge.js';
import type { Ack, Summary } from './message.js';
import { identityOf, type Neighbour, type ReplicaEffect, type ReplicaState } from './state.js';

/** Tells a neighbour the root. */
export function sendDigest(state: ReplicaState, { node }: Neighbour, ask: boolean, effects: ReplicaEffect[]): void {
  const { replica: from } = state;
  const { retired } = identityOf(state);
  effects.push({ type: 'send', to: node, message: { type: 'digest', from, root: rootNow(state), ask, retired } });
}

/** The root over all documents as they are. */
export function rootNow(state: ReplicaState): Hash {
  refresh(state.digest, state.documents);
  return rootOf(state.digest.buckets);
}

/** A neighbour goes by an id that is new here: what its life before had acked counts no more. */
export function meet(state: ReplicaState, neighbour: Neighbour, replica: ReplicaId, effects: ReplicaEffect[]): void {
  const before = neighbour.replica;
  neighbour.replica = replica;
  neighbour.root = undefined;
  neighbour.sent.clear();
  neighbour.holdUntil = state.tick + state.settings.resendTicks;
  for (const [address, document] of state.documents) {
    document.acked.delete(neighbour.node);
    neighbour.dirty.add(address);
    if (before === undefined || !document.merged.has(before)) continue;
    const merged = new Map(document.merged);
    merged.delete(before);
    document.merged = merged;
  }
  sendDigest(state, neighbour, true, effects);
}

/** Compares roots. */
export function takeDigest(
  state: ReplicaState,
  neighbour: Neighbour,
  from: ReplicaId,
  root: Hash,
  ask: boolean,
  effects: ReplicaEffect[],
): void {
  neighbour.root = root;
  if (sameHash(rootNow(state), root)) {
    agreed(state, neighbour);
    if (ask) sendDigest(state, neighbour, false, effects);
    return;
  }
  const { buckets } = state.digest;
  const message = { type: 'buckets', from: state.replica, to: from, buckets: [...buckets] } as const;
  effects.push({ type: 'send', to: neighbour.node, message });
}

/** All documents are the same there, so it has merged each of them. */
function agreed(state: ReplicaState, neighbour: Neighbour): void {
  for (const address of neighbour.dirty) {
    const document = state.documents.get(address);
    if (document === undefined) continue;
    document.acked.set(neighbour.node, document.seq);
    forgetAcked(state, document);
  }
  neighbour.dirty.clear();
  neighbour.sent.clear();
  neighbour.holdUntil = 0;
}

/** Sends what is known of the documents in buckets that differ. */
export function takeBuckets(
  state: ReplicaState,
  neighbour: Neighbour,
  to: ReplicaId,
  theirs: readonly Hash[],
  effects: ReplicaEffect[],
): void {
  refresh(state.digest, state.documents);
  const { groupsPerMessage } = state.settings;
  const names = differing(state.digest, theirs);
  for (let at = 0; at < names.length; at += groupsPerMessage) {
    const documents = names.slice(at, at + groupsPerMessage).flatMap((name) => summaryOf(state, name));
    effects.push({
      type: 'send',
      to: neighbour.node,
      message: { type: 'summary', from: state.replica, to, documents },
    });
  }
}

function summaryOf({ documents, digest }: ReplicaState, address: string): readonly Summary[] {
  const document = documents.get(address);
  const hash = digest.hashes.get(address);
  if (document === undefined || hash === undefined) return [];
  return [{ kind: document.kind, name: document.name, hash, seq: document.seq }];
}

/** Acks the documents that are the same here. The others are on their way, or are sent again from the beginning. */
export function takeSummary(
  state: ReplicaState,
  neighbour: Neighbour,
  from: ReplicaId,
  summaries: readonly Summary[],
  effects: ReplicaEffect[],
): void {
  refresh(state.digest, state.documents);
  const acks: Ack[] = [];
  for (const { kind, name, hash, seq } of summaries) {
    const address = addressOf({ kind, name });
    const document = state.documents.get(address);
    if (document === undefined) {
      // It lacks all of it, whatever it may have acked.
      acks.push({ kind, name, seq: 0, gap: true });
      continue;
    }
    if (sameHash(state.digest.hashes.get(address) ?? noHash, hash)) {
      noteMerged(document, from, seq);
      raiseAck(state, neighbour, document, document.seq);
      acks.push({ kind, name, seq, gap: false });
    } else if (thinksEqual(document, neighbour, from, seq)) {
      state.counts.repaired += 1;
      lowerAck(neighbour, document, 0);
      acks.push({ kind, name, seq: 0, gap: true });
    }
  }
  neighbour.holdUntil = 0;
  if (acks.length === 0) return;
  effects.push({ type: 'send', to: neighbour.node, message: { type: 'acks', from: state.replica, to: from, acks } });
}

/** Each has all of the other by what was acked, and still they differ: one of them has less than it said. */
function thinksEqual(document: Document, { node }: Neighbour, from: ReplicaId, seq: number): boolean {
  return (document.merged.get(from) ?? 0) >= seq && (document.acked.get(node) ?? 0) >= document.seq;
}
