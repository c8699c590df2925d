/**
 * The leader's side of replication: appends entries to its log, sends each follower what it lacks, and counts what is
 * durable. (Dissertation, 3.5 and 3.6; flow control as in etcd.)
 *
 * An entry is committed by counting only when it is of the leader's own term: those before are committed with it, since
 * a later leader could still overwrite an old entry that a majority has (3.6.2, figure 3.7).
 */
import { entriesFrom, lastIndex, append, bytesOf, payloadBytes, termAt } from './log.js';
import { type Output, send } from './output.js';
import { becomeSnapshot, isFull, isPaused, sentCommit, sentEntries } from './progress.js';
import { quorumValue } from './quorum.js';
import type { Entry, NodeId, Progress, RaftState } from './types.js';

const NO_ENTRIES: readonly Entry[] = [];

/**
 * Appends an entry of this leader. False when too much is proposed and not applied yet: a leader that is cut off would
 * take more and more otherwise. What has no bytes always fits, and so does anything when there is nothing else.
 */
export function appendOwn(state: RaftState, entry: Entry): boolean {
  const bytes = payloadBytes(entry);
  const { uncommittedBytes, settings } = state;
  if (bytes > 0 && uncommittedBytes > 0 && uncommittedBytes + bytes > settings.maxUncommittedBytes) return false;
  state.uncommittedBytes += bytes;
  append(state.log, [entry]);
  return true;
}

/** Sends all members what they lack, and the commit index. */
export function broadcastAppend(state: RaftState, out: Output): void {
  const self = state.settings.id;
  for (const progress of state.progress.values()) if (progress.id !== self) sendAppend(state, progress, true, out);
}

/** Sends all members what they lack, and nothing to those that lack nothing. */
export function broadcastEntries(state: RaftState, out: Output): void {
  const self = state.settings.id;
  for (const progress of state.progress.values()) if (progress.id !== self) sendAppend(state, progress, false, out);
}

/** Sends as many appends with entries as flow control lets go. */
export function sendAllEntries(state: RaftState, progress: Progress, out: Output): void {
  while (sendAppend(state, progress, false, out));
}

/** Sends a follower what it lacks, as far as flow control lets it. `empty`: even when there is only the commit index. */
export function sendAppend(state: RaftState, progress: Progress, empty: boolean, out: Output): boolean {
  if (isPaused(progress)) return false;
  const { log, settings, commit } = state;
  const index = progress.next - 1;
  const logTerm = termAt(log, index);
  if (logTerm === undefined) return beginSnapshot(state, progress, out);
  // A full window lets an empty append go, once a heartbeat is answered: when all of the window was lost, the answer to
  // it tells.
  const open = progress.state === 'probe' || !isFull(progress, settings);
  const entries = open ? entriesFrom(log, progress.next, lastIndex(log), settings.maxAppendBytes) : NO_ENTRIES;
  if (entries.length === 0 && !empty) return false;
  const { recoverTo } = progress;
  send(out, progress.id, { type: 'append', term: state.term, index, logTerm, entries, commit, recoverTo });
  sentEntries(progress, entries.length, bytesOf(entries), settings);
  sentCommit(progress, commit);
  return true;
}

/** Sends the newest snapshot to a follower that lacks what is compacted away. One that does not answer has to wait. */
function beginSnapshot(state: RaftState, progress: Progress, out: Output): boolean {
  const { snapshot } = state;
  if (!progress.recentActive || snapshot === undefined) return false;
  becomeSnapshot(progress, snapshot);
  out.early.push({ type: 'read-chunk', to: progress.id, index: snapshot.index, offset: 0 });
  return true;
}

/** Sends heartbeats of the present round. They commit only what the follower is known to have. */
export function broadcastHeartbeat(state: RaftState, out: Output): void {
  const { term, commit, round, ticks, settings } = state;
  for (const progress of state.progress.values()) {
    if (progress.id === settings.id) continue;
    const known = Math.min(progress.match, commit);
    send(out, progress.id, { type: 'heartbeat', term, commit: known, round, sentAt: ticks });
    sentCommit(progress, known);
  }
}

/** Commits what a quorum has durably, if an entry of this term is among it. False when nothing more is. */
export function maybeCommit(state: RaftState): boolean {
  const index = quorumValue(state.config, (voter) => matchOf(state, voter));
  if (index <= state.commit || termAt(state.log, index) !== state.term) return false;
  state.commit = index;
  return true;
}

function matchOf(state: RaftState, voter: NodeId): number {
  const progress = state.progress.get(voter);
  return progress === undefined || progress.recoverTo > 0 ? 0 : progress.match;
}

/** Whether an entry of this term is committed, so that the leader knows what is. (6.4, step 1) */
export function hasCommittedInTerm(state: RaftState): boolean {
  return termAt(state.log, state.commit) === state.term;
}
