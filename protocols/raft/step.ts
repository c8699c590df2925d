/**
 * Raft as one step: an input changes the state and gives effects. (Ongaro, "Consensus: bridging theory and practice",
 * 2014; etcd-io/raft's behaviour where the dissertation leaves room.) The state that is given is changed, because it
 * belongs to the step: a copy of the log for each message would be the cost of consensus.
 */
import { unreachable } from '../wire/error.js';
import type { RaftEffect } from './effect.js';
import { campaign, isPromised, ownVotePersisted } from './election.js';
import type { RaftInput } from './input.js';
import { ownEntriesPersisted, tickLeader, unreachableNode } from './leader.js';
import { lastIndex, matches } from './log.js';
import { appliedTo, proposeChange } from './membership.js';
import { finish, newOutput, type Output, reject } from './output.js';
import { abandonSnapshot } from './progress.js';
import { expireReads, readHere } from './read.js';
import { receive } from './receive.js';
import { appendOwn, broadcastAppend } from './replication.js';
import { sendChunk, snapshotted } from './snapshot.js';
import { transferTo } from './transfer.js';
import { MAX_ID, type RaftState, type RequestId } from './types.js';

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

function isRequestId(id: RequestId): boolean {
  return id.length > 0 && id.length <= MAX_ID;
}
