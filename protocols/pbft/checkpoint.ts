/**
 * Checkpoints (OSDI 1999, section 4.3): after every K sequence numbers the replicas tell each other the digest of their
 * state. 2f + 1 that agree are the proof that it is stable: f + 1 correct replicas have it, so whoever needs it will get
 * it, and what led to it is discarded. The water marks move with it.
 *
 * One deviation: a replica that does not have the state yet keeps its water marks until it has, so that `executed` is
 * never below h; the paper moves them at once.
 */
import { stateBytes } from './encoding.js';
import type { Checkpoint, Signed } from './message.js';
import { quorum, type ReplicaId } from './settings.js';
import { betweenWatermarks, type Effects, type ReplicaState } from './state.js';

/** The state of the service after `seq` is here: the replica signs what it came to. */
export function snapshotTaken(state: ReplicaState, seq: number, service: Uint8Array, effects: Effects): void {
  const clients = state.snapshotting.get(seq);
  if (clients === undefined) return;
  state.snapshotting.delete(seq);
  if (seq <= state.stable.seq) return;
  const bytes = stateBytes({ service, clients });
  const digest = state.config.digest(bytes);
  state.snapshots.set(seq, { digest, state: bytes });
  effects.sign({ type: 'checkpoint', seq, digest, replica: state.config.id });
  // The others may have been faster.
  if (state.target?.seq === seq) stabilize(state, state.target.proof, effects);
}

/** A checkpoint of another replica, or the own one as it comes back signed. */
export function receiveCheckpoint(state: ReplicaState, message: Signed<Checkpoint>, effects: Effects): void {
  const { seq, replica } = message;
  const { checkpointEvery } = state.config.settings;
  if (!betweenWatermarks(state, seq) || seq % checkpointEvery !== 0) return effects.refuse(message, 'watermark');
  let votes = state.checkpoints.get(seq);
  if (votes === undefined) state.checkpoints.set(seq, (votes = new Map<ReplicaId, Signed<Checkpoint>>()));
  if (votes.has(replica)) return effects.refuse(message, 'duplicate');
  votes.set(replica, message);
  effects.multicastOwn(message);
  const proof = [...votes.values()].filter(({ digest }) => digest === message.digest);
  if (proof.length >= quorum(state.config.settings)) stabilize(state, proof, effects);
}

/** Takes a proof that a checkpoint is stable: it is the own one, or the replica has to get its state. */
export function stabilize(state: ReplicaState, proof: readonly Signed<Checkpoint>[], effects: Effects): void {
  const [first] = proof;
  if (first === undefined || first.seq <= state.stable.seq) return;
  const { seq, digest } = first;
  const own = state.snapshots.get(seq);
  if (own?.digest === digest) return advance(state, { seq, digest, proof, state: own.state }, effects);
  if (own !== undefined) effects.refuse(first, 'diverged');
  if (seq > (state.target?.seq ?? 0)) state.target = { seq, digest, proof };
}

/** The checkpoint becomes the low water mark, and all that is not above it is discarded. */
export function advance(state: ReplicaState, stable: ReplicaState['stable'], effects: Effects): void {
  const before = state.stable.seq;
  const { seq, digest } = stable;
  state.stable = stable;
  const removed: string[] = [];
  for (let old = before + 1; old <= Math.min(seq, before + state.config.settings.logSize); old += 1) {
    state.slots.delete(old);
    state.decided.delete(old);
    state.certificates.delete(old);
    removed.push(`slot/${old}`, `prepared/${old}`);
  }
  for (const [old, batch] of state.batches)
    if (batch.seq <= seq) {
      state.batches.delete(old);
      removed.push(`batch/${old}`);
    }
  for (const old of [...state.checkpoints.keys()]) if (old <= seq) state.checkpoints.delete(old);
  for (const old of [...state.snapshots.keys()]) if (old <= seq) state.snapshots.delete(old);
  if (state.target !== undefined && state.target.seq <= seq) state.target = undefined;
  effects.persist([{ kind: 'stable', ...stable }], removed);
  effects.push({ type: 'stable', seq, digest });
}
