/**
 * What a leader knows of a follower, and how it paces what it sends there. (etcd's tracker package; the design is its
 * `design.md`.)
 *
 *               rejected, unreachable
 *            +-----------------------------+
 *            v                             |
 *         probe ---- acknowledged ----> replicate
 *          |  ^                            |
 *          |  |   snapshot failed,         | next is compacted away
 *          |  +--- or came through ---+    |
 *          |                          |    v
 *          +-- next is compacted --> snapshot
 */
import type { NodeId, Progress, Settings, Snapshot } from './types.js';

/** A member of whom nothing is known. It counts as active, or a leader could step down before it could answer. */
export function newProgress(id: NodeId, next: number, isLearner: boolean): Progress {
  return {
    id,
    match: 0,
    next: Math.max(next, 1),
    state: 'probe',
    recentActive: true,
    paused: false,
    isLearner,
    inflights: [],
    inflightSizes: [],
    inflightBytes: 0,
    sentCommit: 0,
    sending: undefined,
    chunkOffset: 0,
    chunkEnd: -1,
    chunkWaits: 0,
    round: 0,
    leaseAt: Number.NEGATIVE_INFINITY,
    recoverTo: 0,
  };
}

/** Forgets all, at the beginning of a term. */
export function resetProgress(progress: Progress, next: number): void {
  enter(progress, 'probe');
  progress.match = 0;
  progress.next = next;
  progress.recentActive = false;
  progress.sentCommit = 0;
  progress.round = 0;
  progress.leaseAt = Number.NEGATIVE_INFINITY;
  progress.recoverTo = 0;
}

/** Looks for where the logs agree: behind what is known, or behind the snapshot that came through. */
export function becomeProbe(progress: Progress): void {
  const { state, sending, match } = progress;
  enter(progress, 'probe');
  progress.next = state === 'snapshot' && sending !== undefined ? Math.max(match, sending.index) + 1 : match + 1;
  progress.sentCommit = Math.min(progress.sentCommit, progress.next - 1);
}

/** Sends ahead from what is known. */
export function becomeReplicate(progress: Progress): void {
  enter(progress, 'replicate');
  progress.next = progress.match + 1;
  progress.sentCommit = Math.min(progress.sentCommit, progress.match);
}

/** Sends a snapshot from its beginning. */
export function becomeSnapshot(progress: Progress, snapshot: Snapshot): void {
  enter(progress, 'snapshot');
  progress.sending = snapshot;
}

/** The snapshot did not come through: begins anew, at the next word of the follower. */
export function abandonSnapshot(progress: Progress): void {
  progress.sending = undefined;
  becomeProbe(progress);
  progress.paused = true;
}

/** It has lost entries: nothing that it acknowledged counts before it has all up to `recoverTo`. */
export function becomeDamaged(progress: Progress, recoverTo: number): void {
  progress.recoverTo = recoverTo;
  progress.match = 0;
  progress.sending = undefined;
  becomeProbe(progress);
  progress.next = recoverTo + 1;
}

function enter(progress: Progress, state: Progress['state']): void {
  progress.state = state;
  progress.paused = false;
  progress.sending = undefined;
  progress.chunkOffset = 0;
  progress.chunkEnd = -1;
  progress.chunkWaits = 0;
  progress.inflights.length = 0;
  progress.inflightSizes.length = 0;
  progress.inflightBytes = 0;
}

/** Whether no append may be sent before an answer comes. */
export function isPaused(progress: Progress): boolean {
  return progress.paused || progress.state === 'snapshot';
}

/** Whether as many appends, or bytes, are under way as are allowed. */
export function isFull(progress: Progress, { maxInflight, maxInflightBytes }: Settings): boolean {
  return progress.inflights.length >= maxInflight || progress.inflightBytes >= maxInflightBytes;
}

/** An append of so many entries was sent. */
export function sentEntries(progress: Progress, count: number, bytes: number, settings: Settings): void {
  if (progress.state === 'probe') {
    progress.paused = true;
    return;
  }
  if (count > 0) {
    progress.next += count;
    progress.inflights.push(progress.next - 1);
    progress.inflightSizes.push(bytes);
    progress.inflightBytes += bytes;
  }
  // When full, this was the last one before an answer: the answer to a heartbeat lets the next one, an empty one, go.
  progress.paused = isFull(progress, settings);
}

/** All appends that end at or before the index have arrived. */
export function freeInflights(progress: Progress, index: number): void {
  const { inflights, inflightSizes } = progress;
  let freed = 0;
  while (freed < inflights.length && (inflights[freed] as number) <= index) {
    progress.inflightBytes -= inflightSizes[freed] as number;
    freed += 1;
  }
  if (freed === 0) return;
  inflights.splice(0, freed);
  inflightSizes.splice(0, freed);
}

/** The commit index was sent along; it reaches no farther than the entries that were. */
export function sentCommit(progress: Progress, commit: number): void {
  progress.sentCommit = Math.min(Math.max(progress.sentCommit, commit), progress.next - 1);
}

/** Whether sending the commit index could tell the follower something. */
export function canBumpCommit(progress: Progress, commit: number): boolean {
  return progress.sentCommit < Math.min(commit, progress.next - 1);
}

/** The follower has all up to the index. False when that was known. */
export function maybeUpdate(progress: Progress, index: number): boolean {
  if (index <= progress.match) return false;
  progress.match = index;
  progress.next = Math.max(progress.next, index + 1);
  progress.paused = false;
  return true;
}

/** The follower rejected an append behind `rejected` and hints at `hint`. False when that is old news. */
export function maybeDecrease(progress: Progress, rejected: number, hint: number): boolean {
  if (progress.state === 'replicate') {
    if (rejected <= progress.match) return false;
    progress.next = progress.match + 1;
    return true;
  }
  // Probes go one at a time, so an answer to anything but the last one is late.
  if (progress.next - 1 !== rejected) return false;
  progress.next = Math.max(Math.min(rejected, hint + 1), progress.match + 1);
  progress.sentCommit = Math.min(progress.sentCommit, progress.next - 1);
  progress.paused = false;
  return true;
}
