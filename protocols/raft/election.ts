/**
 * Elections: who may stand, who gets a vote, and who has won. (Dissertation, 3.4, 3.6.1, 4.2.3 and 9.6.)
 */
import { isVoter } from './config.js';
import { isUpToDate, lastIndex, lastTerm } from './log.js';
import { hasUnappliedChange } from './membership.js';
import type { PreVote, Vote, VoteResponse } from './message.js';
import { type Output, send } from './output.js';
import { quorumVote } from './quorum.js';
import { appendOwn, broadcastAppend } from './replication.js';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './role.js';
import type { NodeId, RaftState } from './types.js';

/** Why an election begins: to ask first, to stand, or because the leader hands over. */
export type Campaign = 'pre-election' | 'election' | 'transfer';

/** Whether this node may lead: a voter that has lost nothing that it acknowledged or promised. */
export function isPromotable(state: RaftState): boolean {
  return isSound(state) && isVoter(state.config, state.settings.id);
}

function isSound({ damaged, amnesiac }: RaftState): boolean {
  return !damaged && !amnesiac;
}

/** Begins an election, if this node may lead and knows who decides. */
export function campaign(state: RaftState, kind: Campaign, out: Output): void {
  if (state.role === 'leader' || !isPromotable(state) || hasUnappliedChange(state)) return;
  state.electionElapsed = 0;
  if (kind === 'pre-election') {
    becomePreCandidate(state);
    requestVotes(state, kind, out);
    // Asking binds nobody, so the own answer needs not be durable. A vote does: it counts once it is persisted.
    poll(state, state.settings.id, true, out);
  } else {
    becomeCandidate(state, out);
    requestVotes(state, kind, out);
  }
}

function requestVotes(state: RaftState, kind: Campaign, out: Output): void {
  const { log, settings, config } = state;
  const index = lastIndex(log);
  const logTerm = lastTerm(log);
  for (const { id } of state.progress.values()) {
    if (id === settings.id || !isVoter(config, id)) continue;
    if (kind === 'pre-election') send(out, id, { type: 'pre-vote', term: state.term + 1, index, logTerm });
    else send(out, id, { type: 'vote', term: state.term, index, logTerm, transfer: kind === 'transfer' });
  }
}

/** The term and the own vote of this candidate are durable. */
export function ownVotePersisted(state: RaftState, out: Output): void {
  if (state.role === 'candidate') poll(state, state.settings.id, true, out);
}

/** An answer to this candidate or pre-candidate. */
export function voteAnswered(state: RaftState, from: NodeId, { type, reject }: VoteResponse, out: Output): void {
  if (type === 'pre-vote-response' ? state.role === 'pre-candidate' : state.role === 'candidate')
    poll(state, from, !reject, out);
}

function poll(state: RaftState, from: NodeId, granted: boolean, out: Output): void {
  const { votes } = state;
  if (votes.has(from)) return;
  votes.set(from, granted);
  const result = quorumVote(state.config, (voter) => votes.get(voter));
  if (result === 'lost') return becomeFollower(state, state.term, undefined, out);
  if (result === 'pending') return;
  if (state.role === 'pre-candidate') campaign(state, 'election', out);
  else lead(state, out);
}

/** The first entry of a leader is a no-op: with it everything before it is committed. (6.4, step 1) */
function lead(state: RaftState, out: Output): void {
  becomeLeader(state);
  const index = lastIndex(state.log) + 1;
  appendOwn(state, { type: 'noop', index, term: state.term });
  // There may be a change among the entries before, and none may be proposed before the no-op is committed. (4.1)
  state.pendingConfIndex = index;
  broadcastAppend(state, out);
}

/**
 * Whether this node stands by a leader, so that whoever asks for votes is not answered: a removed or cut off node must
 * not disturb those who hear a leader (4.2.3). With leases that is a promise, kept whatever else happens (6.4.1).
 */
export function isInLease(state: RaftState): boolean {
  const { settings, leader, electionElapsed } = state;
  if (!settings.checkQuorum) return false;
  return (leader !== undefined && electionElapsed < settings.electionTicks) || isPromised(state);
}

/** Whether this node has promised a leader not to help another for now. */
export function isPromised({ settings, ticks, heardAt }: RaftState): boolean {
  return settings.reads === 'lease' && ticks - heardAt < settings.electionTicks;
}

/**
 * Somebody asks for a vote of a term that is not below this node's. Each term has one vote, for a log that is at least
 * as up to date. Learners vote too when they are asked: whoever asks knows of a configuration in which they do, which
 * may be committed without their knowing it.
 */
export function voteRequested(state: RaftState, from: NodeId, message: Vote | PreVote, out: Output): void {
  const { type, term, index, logTerm } = message;
  const free =
    state.vote === from ||
    (state.vote === undefined && state.leader === undefined) ||
    (type === 'pre-vote' && term > state.term);
  const granted = free && isSound(state) && isUpToDate(state.log, index, logTerm);
  if (granted && type === 'vote') {
    state.electionElapsed = 0;
    state.vote = from;
  }
  // A pre-vote is granted with the term that was asked for: the sender has not got there yet, and nor has this node.
  send(out, from, {
    type: type === 'vote' ? 'vote-response' : 'pre-vote-response',
    term: granted ? term : state.term,
    reject: !granted,
  });
}
