/**
 * What becomes of a message. Terms are looked at first, as every rule of a role presumes that message and node are of one
 * term:
 *
 *     message of a higher term   follow in that term, unless it is a pre-vote, or a vote that a lease stands against
 *     message of a lower term    dropped; a deposed leader is told
 */
import { unreachable } from '../wire/error.js';
import { campaign, isInLease, isPromised, voteAnswered, voteRequested } from './election.js';
import { isUncounted, receiveAppend, receiveHeartbeat } from './follower.js';
import { appendAnswered, heartbeatAnswered } from './leader.js';
import type { RaftMessage } from './message.js';
import { type Output, send } from './output.js';
import { readAnswered, readAtLeader } from './read.js';
import { becomeFollower } from './role.js';
import { chunkWanted, receiveChunk } from './snapshot.js';
import type { NodeId, RaftState } from './types.js';

/** Receives a message. */
export function receive(state: RaftState, from: NodeId, message: RaftMessage, out: Output): void {
  if (from === state.settings.id) {
    state.ignored += 1;
    return;
  }
  if (message.term < state.term) return receiveOld(state, from, message, out);
  if ((message.type === 'vote' || message.type === 'pre-vote') && isRefused(state, message)) return;
  if (message.term > state.term) followTerm(state, from, message, out);
  receiveCurrent(state, from, message, out);
}

/** Whether a leader stands against the election. */
function isRefused(state: RaftState, message: RaftMessage): boolean {
  if (message.type === 'vote' && message.transfer) return false;
  return message.term > state.term ? isInLease(state) : isPromised(state);
}

function followTerm(state: RaftState, from: NodeId, message: RaftMessage, out: Output): void {
  // The term of a pre-vote, and of its being granted, is one that nobody is in yet.
  if (message.type === 'pre-vote' || (message.type === 'pre-vote-response' && !message.reject)) return;
  const leads = message.type === 'append' || message.type === 'heartbeat' || message.type === 'snapshot';
  becomeFollower(state, message.term, leads ? from : undefined, out);
}

/**
 * The sender is behind. A leader that is behind is told the term, or a node whose term rose while it was cut off could
 * never come back: it is not heard as a candidate by those who hear the leader, and it does not hear the leader. Nor is a
 * damaged one, which stands for no election. A pre-candidate is told too, or those of before pre-votes were introduced
 * could wait for each other.
 */
function receiveOld(state: RaftState, from: NodeId, { type }: RaftMessage, out: Output): void {
  const { term, settings } = state;
  if (type === 'pre-vote') send(out, from, { type: 'pre-vote-response', term, reject: true });
  else if (type === 'heartbeat' || type === 'append') {
    const damaged = isUncounted(state);
    if (!damaged && !settings.checkQuorum && !settings.preVote) return;
    send(out, from, { type: 'append-response', term, index: 0, reject: false, rejectHint: 0, logTerm: 0, damaged });
  }
}

function receiveCurrent(state: RaftState, from: NodeId, message: RaftMessage, out: Output): void {
  switch (message.type) {
    case 'vote':
    case 'pre-vote':
      return voteRequested(state, from, message, out);
    case 'vote-response':
    case 'pre-vote-response':
      return voteAnswered(state, from, message, out);
    case 'append':
      if (hear(state, from, out)) receiveAppend(state, from, message, out);
      return;
    case 'heartbeat':
      if (hear(state, from, out)) receiveHeartbeat(state, from, message, out);
      return;
    case 'snapshot':
      if (hear(state, from, out)) receiveChunk(state, from, message, out);
      return;
    case 'timeout-now':
      if (state.role === 'follower') campaign(state, 'transfer', out);
      return;
    case 'read-response':
      if (state.role === 'follower') readAnswered(state, message.id, message.index, out);
      return;
    case 'append-response':
    case 'heartbeat-response':
    case 'snapshot-response':
    case 'read-request':
      return receiveAnswer(state, from, message, out);
    default:
      return unreachable(message);
  }
}

/** A leader of this term speaks: whoever stands for election in it has lost. False on a leader, who is the only one. */
function hear(state: RaftState, from: NodeId, out: Output): boolean {
  if (state.role === 'leader') {
    state.ignored += 1;
    return false;
  }
  if (state.role !== 'follower') becomeFollower(state, state.term, from, out);
  state.leader = from;
  state.electionElapsed = 0;
  state.heardAt = state.ticks;
  return true;
}

function receiveAnswer(
  state: RaftState,
  from: NodeId,
  message: Extract<
    RaftMessage,
    { readonly type: 'append-response' | 'heartbeat-response' | 'snapshot-response' | 'read-request' }
  >,
  out: Output,
): void {
  const progress = state.progress.get(from);
  if (state.role !== 'leader' || progress === undefined) return;
  switch (message.type) {
    case 'append-response':
      return appendAnswered(state, progress, message, out);
    case 'heartbeat-response':
      return heartbeatAnswered(state, progress, message, out);
    case 'snapshot-response':
      progress.recentActive = true;
      return chunkWanted(progress, message, out);
    case 'read-request':
      // How late the clock is when this is looked at is not known, so no lease will do.
      return readAtLeader(state, message.id, from, Number.POSITIVE_INFINITY, out);
    default:
      return unreachable(message);
  }
}
