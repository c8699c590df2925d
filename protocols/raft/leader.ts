/**
 * What a leader does with answers and with time. (Dissertation, 3.5, 6.2 and 6.4; etcd's stepLeader.)
 */
import { findConflictByTerm, lastIndex } from './log.js';
import { leaveJointIfDue } from './membership.js';
import type { AppendResponse, HeartbeatResponse } from './message.js';
import type { Output } from './output.js';
import {
  becomeDamaged,
  becomeProbe,
  becomeReplicate,
  canBumpCommit,
  freeInflights,
  maybeDecrease,
  maybeUpdate,
} from './progress.js';
import { quorumVote } from './quorum.js';
import { advanceReads, releaseReads } from './read.js';
import { broadcastAppend, broadcastHeartbeat, maybeCommit, sendAllEntries, sendAppend } from './replication.js';
import { abortTransfer, becomeFollower } from './role.js';
import { chunkWaited } from './snapshot.js';
import { tellIfReady } from './transfer.js';
import type { Progress, RaftState } from './types.js';

/** A follower says what it has, or that it lacks what an append follows. */
export function appendAnswered(state: RaftState, progress: Progress, message: AppendResponse, out: Output): void {
  if (message.index > lastIndex(state.log)) {
    state.ignored += 1;
    return;
  }
  progress.recentActive = true;
  const healed = !message.damaged && progress.recoverTo > 0;
  const news = noteDamage(state, progress, message.damaged);
  if (message.reject) rejected(state, progress, message, out);
  else acknowledged(state, progress, message.index, healed, out);
  // It does not know yet up to where it has to recover.
  if (news) sendAppend(state, progress, true, out);
}

/**
 * A follower that lost entries is found out at its first word, whatever it had acknowledged: it counts for nothing until
 * it has all that this leader has now. True when that is news.
 */
function noteDamage(state: RaftState, progress: Progress, damaged: boolean): boolean {
  if (!damaged) progress.recoverTo = 0;
  if (!damaged || progress.recoverTo > 0) return false;
  becomeDamaged(progress, lastIndex(state.log));
  return true;
}

/** Goes back to where the logs may agree: by the follower's hint, and no term of the own log is probed twice. */
function rejected(
  state: RaftState,
  progress: Progress,
  { index, rejectHint, logTerm, damaged }: AppendResponse,
  out: Output,
): void {
  // It has lost what it brought back since it was found out, or else it would be asked for the same for ever.
  if (damaged && index <= progress.match) becomeDamaged(progress, progress.recoverTo);
  // The follower has an entry of `logTerm` at the hint, so nothing of the own log of a later term can match before it.
  const hint = logTerm > 0 ? findConflictByTerm(state.log, rejectHint, logTerm).index : rejectHint;
  if (!maybeDecrease(progress, index, hint)) return;
  if (progress.state === 'replicate') becomeProbe(progress);
  sendAppend(state, progress, true, out);
}

/** `healed`: what it acknowledged before counts from now on. */
function acknowledged(state: RaftState, progress: Progress, index: number, healed: boolean, out: Output): void {
  const moved = maybeUpdate(progress, index);
  if (!moved && !healed && !(progress.match === index && progress.state === 'probe')) return;
  if (progress.state === 'replicate') freeInflights(progress, index);
  else if (progress.state === 'probe' || isSnapshotPast(state, progress)) becomeReplicate(progress);
  const told = commitMore(state, out);
  if (!told && canBumpCommit(progress, state.commit)) sendAppend(state, progress, true, out);
  sendAllEntries(state, progress, out);
  tellIfReady(state, progress, out);
}

/** Whether a follower has what the snapshot stands for, or all that the log does not have, from wherever it came. */
function isSnapshotPast({ log }: RaftState, { match, sending }: Progress): boolean {
  return match >= log.base || match >= (sending?.index ?? 0);
}

/** The leader's own entries are durable up to here, and count now. */
export function ownEntriesPersisted(state: RaftState, index: number, out: Output): void {
  const own = state.progress.get(state.settings.id);
  if (own !== undefined && maybeUpdate(own, index)) commitMore(state, out);
}

function commitMore(state: RaftState, out: Output): boolean {
  if (!maybeCommit(state)) return false;
  releaseReads(state, out);
  broadcastAppend(state, out);
  return true;
}

/** A follower is alive and follows. */
export function heartbeatAnswered(state: RaftState, progress: Progress, message: HeartbeatResponse, out: Output): void {
  const { round, sentAt, damaged } = message;
  if (round > state.round || sentAt > state.ticks) {
    state.ignored += 1;
    return;
  }
  progress.recentActive = true;
  progress.paused = false;
  noteDamage(state, progress, damaged);
  if (progress.state === 'snapshot') chunkWaited(progress, out);
  // An empty append, if the window is full: its answer shows what of the window arrived.
  if (progress.match < lastIndex(state.log) || progress.state === 'probe' || progress.recoverTo > 0)
    sendAppend(state, progress, true, out);
  if (round === 0) return;
  progress.leaseAt = Math.max(progress.leaseAt, sentAt);
  if (round <= progress.round) return;
  progress.round = round;
  advanceReads(state, out);
}

/** Messages to this follower are probably lost, so it is not sent ahead to. */
export function unreachableNode(progress: Progress): void {
  if (progress.state === 'replicate') becomeProbe(progress);
}

/** Time passes: heartbeats go out, and a leader whom no quorum answers steps down. (6.2) */
export function tickLeader(state: RaftState, count: number, out: Output): void {
  const { settings } = state;
  state.heartbeatElapsed += count;
  state.electionElapsed += count;
  if (state.electionElapsed >= settings.electionTicks) {
    state.electionElapsed = 0;
    if (settings.checkQuorum && !isQuorumActive(state)) return becomeFollower(state, state.term, undefined, out);
    if (state.leadTransferee !== undefined) abortTransfer(state);
  }
  if (state.heartbeatElapsed < settings.heartbeatTicks) return;
  state.heartbeatElapsed = 0;
  state.round += 1;
  broadcastHeartbeat(state, out);
  leaveJointIfDue(state, out);
}

/** Whether a quorum has answered since the last time; asks them anew. */
function isQuorumActive(state: RaftState): boolean {
  const { id } = state.settings;
  const active = quorumVote(state.config, (voter) => voter === id || state.progress.get(voter)?.recentActive === true);
  for (const progress of state.progress.values()) progress.recentActive = progress.id === id;
  return active === 'won';
}
