/**
 * Raft as one step: an input changes the state and gives effects. (Ongaro, "Consensus: bridging theory and practice",
 * 2014; etcd-io/raft's behaviour where the dissertation leaves room.) The state that is given is changed, because it
 * belongs to the step: a copy of the log for each message would be the cost of consensus.
 *
 * Terms are looked at first, as every rule of a role presumes that message and node are of one term:
 *
 *     message of a higher term   follow in that term, unless it is a pre-vote, or a vote that a lease stands against
 *     message of a lower term    dropped; a deposed leader is told
 */
import { unreachable } from '../wire/error.js';
import type { RaftEffect } from './effect.js';
import { campaign, isInLease, isPromised, ownVotePersisted, voteAnswered, voteRequested } from './election.js';
import { isUncounted, receiveAppend, receiveHeartbeat } from './follower.js';
import type { RaftInput } from './input.js';
import {
  appendAnswered,
  heartbeatAnswered,
  ownEntriesPersisted,
  tickLeader,
  unreachableNode,
} from './leader.js';
import { lastIndex, matches } from './log.js';
import { appliedTo, proposeChange } from './membership.js';
import type { RaftMessage } from './message.js';
import { finish, newOutput, type Output, reject, send } from './output.js';
import { abandonSnapshot } from './progress.js';
import { expireReads, readAnswered, readAtLeader, readHere } from './read.js';
import { appendOwn, broadcastAppend } from './replication.js';
import { becomeFollower } from './role.js';
import { chunkWanted, receiveChunk, sendChunk, snapshotted } from './snapshot.js';
import { transferTo } from './transfer.js';
import { MAX_ID, type NodeId, type RaftState, type RequestId } from './types.js';

/** One step. Effects are in the order in which they are to be carried out. */
export function stepRaft(
  state: RaftState,
  input: RaftInput,
): { readonly state: RaftState; readonly effects: readonly RaftEffect[] } {
  const out = newOutput();
  step(state, input, out);
  return { state, effects: finish(state, out) };
}

function step(state: RaftState, input: RaftInput, out: Output): void {
  switch (input.type) {
    case 'tick':
      return tick(state, input.count ?? 1, out);
    case 'receive':
      return receive(state, input.from, input.message, out);
    case 'propose':
      return propose(state, input.id, input.data, out);
    case 'change':
      if (!isRequestId(input.id)) return reject(state, out, 'change', input.id, 'bad-request');
      return proposeChange(state, input.id, input.change, out);
    case 'read':
      if (!isRequestId(input.id)) return reject(state, out, 'read', input.id, 'bad-request');
      return readHere(state, input.id, input.lateTicks ?? 1, out);
    case 'transfer':
      return transferTo(state, input.id, input.to, out);
    case 'campaign':
      // A promise to a leader is kept whoever asks.
      if (isPromised(state)) return;
      return campaign(state, state.settings.preVote ? 'pre-election' : 'election', out);
    case 'forget-leader':
      return forgetLeader(state);
    case 'persisted':
      return persisted(state, input, out);
    case 'applied':
      return appliedTo(state, input.index, out);
    case 'snapshotted':
      return snapshotted(state, input.snapshot, out);
    case 'chunk':
    case 'chunk-failed':
    case 'unreachable':
      return aboutFollower(state, input, out);
    default:
      return unreachable(input);
  }
}

/** Time passes. */
function tick(state: RaftState, count: number, out: Output): void {
  state.ticks += count;
  if (state.role === 'leader') tickLeader(state, count, out);
  else {
    state.electionElapsed += count;
    if (state.electionElapsed >= state.randomizedElectionTimeout)
      campaign(state, state.settings.preVote ? 'pre-election' : 'election', out);
  }
  expireReads(state, out);
}

function propose(state: RaftState, id: RequestId, data: Uint8Array, out: Output): void {
  if (!isRequestId(id)) return reject(state, out, 'propose', id, 'bad-request');
  if (state.role !== 'leader') return reject(state, out, 'propose', id, 'not-leader');
  if (state.leadTransferee !== undefined) return reject(state, out, 'propose', id, 'transferring');
  const entry = { type: 'normal', index: lastIndex(state.log) + 1, term: state.term, id, data } as const;
  if (!appendOwn(state, entry)) return reject(state, out, 'propose', id, 'overload');
  broadcastAppend(state, out);
}

/** Elections are not refused any more for the sake of a leader that is gone. A promise is not forgotten. */
function forgetLeader(state: RaftState): void {
  if (state.role === 'follower' && state.settings.reads !== 'lease') state.leader = undefined;
}

/**
 * Something became durable. It counts only within the term in which it was handed out, and only if the entry is still
 * there: within a term a node replaces its entries at most once, by those of that term's leader, so an entry that is
 * there again was not removed in between. (The ABA problem of writes that overlap; etcd's MsgStorageAppendResp.)
 */
function persisted(
  state: RaftState,
  token: { readonly term: number; readonly index: number; readonly logTerm: number },
  out: Output,
): void {
  if (token.term !== state.term) return;
  if (state.role === 'candidate') ownVotePersisted(state, out);
  else if (state.role === 'leader' && matches(state.log, token.index, token.logTerm))
    ownEntriesPersisted(state, token.index, out);
}

function aboutFollower(
  state: RaftState,
  input: Extract<RaftInput, { readonly type: 'chunk' | 'chunk-failed' | 'unreachable' }>,
  out: Output,
): void {
  const progress = state.progress.get(input.type === 'unreachable' ? input.node : input.to);
  if (state.role !== 'leader' || progress === undefined) return;
  if (input.type === 'unreachable') unreachableNode(progress);
  else if (input.type === 'chunk') sendChunk(state, progress, input, out);
  else if (progress.sending?.index === input.index) abandonSnapshot(progress);
}

function receive(state: RaftState, from: NodeId, message: RaftMessage, out: Output): void {
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
 * never come back: it is not heard as a candidate by those who hear the leader, and it does not hear the leader. A
 * pre-candidate is told too, or those of before pre-votes were introduced could wait for each other.
 */
function receiveOld(state: RaftState, from: NodeId, { type }: RaftMessage, out: Output): void {
  const { term, settings } = state;
  if (type === 'pre-vote') send(out, from, { type: 'pre-vote-response', term, reject: true });
  else if ((settings.checkQuorum || settings.preVote) && (type === 'heartbeat' || type === 'append')) {
    const damaged = isUncounted(state);
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

function isRequestId(id: RequestId): boolean {
  return id.length > 0 && id.length <= MAX_ID;
}
