/**
 * Linearizable reads without an entry in the log. (Dissertation, 6.4; etcd's ReadIndex.) The leader notes its commit
 * index, makes sure that it still leads, and the read is answered by any state machine that has applied so much.
 *
 * By a quorum: a round of heartbeats that was sent after the read came is answered by a quorum, so nobody else was
 * elected before. Until an entry of its own term is committed a leader does not know the commit index, so reads wait.
 *
 * By a lease (6.4.1): followers that hear a leader refuse votes for `electionTicks` after that by their own clocks,
 * also when they are restarted, see a higher term or are asked to campaign. A quorum answered heartbeats that were sent
 * at tick s or later, so nobody else can be elected before their promises end. Clocks are wrong by up to the share d,
 * and ticks are whole, so the lease holds at tick t as long as
 *
 *     (t + late - s) * (1 + d) < (electionTicks - 1) * (1 - d)
 *
 * This is stricter than etcd, whose leader trusts its last check of the quorum and whose followers forget the promise
 * with the leader. Asking another node to take over breaks the lease for the rest of the term.
 */
import { type Output, reject, send } from './output.js';
import { quorumValue } from './quorum.js';
import { broadcastHeartbeat, hasCommittedInTerm } from './replication.js';
import type { NodeId, PendingRead, RaftState, RequestId } from './types.js';

/** A client of this node reads. */
export function readHere(state: RaftState, id: RequestId, lateTicks: number, out: Output): void {
  const { settings, leader, forwardedReads } = state;
  if (state.role === 'leader') return readAtLeader(state, id, settings.id, lateTicks, out);
  if (leader === undefined) return reject(state, out, 'read', id, 'not-leader');
  if (forwardedReads.has(id)) return reject(state, out, 'read', id, 'bad-request');
  if (forwardedReads.size >= settings.maxReads) return reject(state, out, 'read', id, 'overload');
  forwardedReads.set(id, state.ticks + settings.electionTicks);
  send(out, leader, { type: 'read-request', term: state.term, id });
}

/** A client of this leader reads, or one of a follower. */
export function readAtLeader(state: RaftState, id: RequestId, from: NodeId, lateTicks: number, out: Output): void {
  const { pendingReads, settings } = state;
  if (pendingReads.length >= settings.maxReads) return refuse(state, { id, from }, out);
  if (!hasCommittedInTerm(state)) {
    pendingReads.push({ id, from, round: 0, index: 0 });
    return;
  }
  if (settings.reads === 'lease' && hasLease(state, lateTicks))
    return answer(state, { id, from, round: 0, index: state.commit }, out);
  pendingReads.push({ id, from, round: (state.round += 1), index: state.commit });
  broadcastHeartbeat(state, out);
  advanceReads(state, out);
}

/** The first entry of the term is committed: reads that waited for it wait for a quorum now. */
export function releaseReads(state: RaftState, out: Output): void {
  const waiting = state.pendingReads.filter(({ round }) => round === 0);
  if (waiting.length === 0 || !hasCommittedInTerm(state)) return;
  state.round += 1;
  for (const read of waiting) {
    read.round = state.round;
    read.index = state.commit;
  }
  broadcastHeartbeat(state, out);
  advanceReads(state, out);
}

/** Answers reads whose round of heartbeats a quorum has answered. */
export function advanceReads(state: RaftState, out: Output): void {
  const { pendingReads } = state;
  if (pendingReads.length === 0) return;
  const confirmed = quorumValue(state.config, (voter) => roundOf(state, voter));
  // Rounds only grow, and those without one come before the first entry of the term is committed: all or a prefix.
  let count = 0;
  for (; count < pendingReads.length; count += 1) {
    const { round } = pendingReads[count] as PendingRead;
    if (round === 0 || round > confirmed) break;
  }
  for (const read of pendingReads.splice(0, count)) answer(state, read, out);
}

function roundOf(state: RaftState, voter: NodeId): number {
  return voter === state.settings.id ? Number.POSITIVE_INFINITY : (state.progress.get(voter)?.round ?? 0);
}

/** Whether nobody else can have been elected, by the clock alone. */
export function hasLease(state: RaftState, lateTicks: number): boolean {
  const { ticks, leaseBroken, leadTransferee, config, settings } = state;
  if (state.role !== 'leader' || leaseBroken || leadTransferee !== undefined) return false;
  const since = quorumValue(config, (voter) =>
    voter === settings.id ? ticks : (state.progress.get(voter)?.leaseAt ?? Number.NEGATIVE_INFINITY),
  );
  const { electionTicks, clockDrift } = settings;
  return (ticks + lateTicks - since) * (1 + clockDrift) < (electionTicks - 1) * (1 - clockDrift);
}

/** The leader answered a read of this follower. */
export function readAnswered(state: RaftState, id: RequestId, index: number, out: Output): void {
  if (!state.forwardedReads.delete(id)) return;
  if (index === 0) reject(state, out, 'read', id, 'overload');
  else ready(state, id, index, out);
}

/** Gives reads up that the leader does not answer. */
export function expireReads(state: RaftState, out: Output): void {
  if (state.forwardedReads.size === 0) return;
  for (const [id, until] of state.forwardedReads) {
    if (state.ticks < until) continue;
    state.forwardedReads.delete(id);
    reject(state, out, 'read', id, 'timeout');
  }
}

/** Answers reads that waited for the state machine. */
export function flushReads(state: RaftState, out: Output): void {
  if (state.waitingReads.length === 0) return;
  const { waitingReads } = state;
  state.waitingReads = waitingReads.filter(({ index }) => index > state.applied);
  for (const { id, index } of waitingReads) if (index <= state.applied) out.early.push({ type: 'read', id, index });
}

function answer(state: RaftState, { id, from, index }: PendingRead, out: Output): void {
  if (from === state.settings.id) ready(state, id, index, out);
  else send(out, from, { type: 'read-response', term: state.term, id, index });
}

function refuse(state: RaftState, { id, from }: { id: RequestId; from: NodeId }, out: Output): void {
  if (from === state.settings.id) reject(state, out, 'read', id, 'overload');
  else send(out, from, { type: 'read-response', term: state.term, id, index: 0 });
}

function ready(state: RaftState, id: RequestId, index: number, out: Output): void {
  if (index <= state.applied) out.early.push({ type: 'read', id, index });
  else state.waitingReads.push({ id, index });
}
