/**
 * Effects of one step while they are collected, and the order in which they leave: what may leave early, then what has
 * to be durable, then what depends on that. Written here once, so that no part of the protocol can get it wrong.
 *
 *     early sends, reads, chunks  |  persist  |  votes, acknowledgements, restore, refusals  |  apply  |  role
 */
import type { Persist, RaftEffect, RejectReason } from './effect.js';
import { bytesOf, entriesFrom, lastIndex, lastTerm } from './log.js';
import type { RaftMessage } from './message.js';
import type { Entry, HardState, NodeId, RaftState, RequestId, Snapshot } from './types.js';
import { unreachable } from '../wire/error.js';

/** Effects of one step. */
export interface Output {
  readonly early: RaftEffect[];
  readonly late: RaftEffect[];
  /** A snapshot that was received, to be persisted. */
  snapshot: Snapshot | undefined;
}

const NO_ENTRIES: readonly Entry[] = [];

export function newOutput(): Output {
  return { early: [], late: [], snapshot: undefined };
}

/** Sends a message, early if it promises nothing that a crash could take back. */
export function send(out: Output, to: NodeId, message: RaftMessage): void {
  const early = isEarly(message);
  (early ? out.early : out.late).push({ type: 'send', to, message, early });
}

function isEarly(message: RaftMessage): boolean {
  switch (message.type) {
    // A leader's own vote is durable before it leads, so its term is. Its entries need not be: it counts itself later.
    case 'append':
    case 'heartbeat':
    case 'snapshot':
    case 'timeout-now':
    case 'read-request':
    case 'read-response':
    // It says that this node knows of no later term; what it knows is never behind what others have seen of it.
    case 'heartbeat-response':
      return true;
    // A vote is asked for once the term and the own vote are durable, so that no term is campaigned for twice.
    case 'vote':
    case 'pre-vote':
    case 'vote-response':
    case 'pre-vote-response':
    case 'append-response':
    case 'snapshot-response':
      return false;
    default:
      return unreachable(message);
  }
}

/** Refuses a request of this node's own clients. */
export function reject(
  state: RaftState,
  out: Output,
  what: 'propose' | 'change' | 'read' | 'transfer',
  id: RequestId,
  reason: RejectReason,
): void {
  const leader = state.role === 'leader' ? state.settings.id : state.leader;
  out.late.push({ type: 'reject', what, id, reason, leader });
}

/** All effects of the step, in order. */
export function finish(state: RaftState, out: Output): readonly RaftEffect[] {
  const effects = out.early;
  const persist = persistOf(state, out);
  if (persist !== undefined) effects.push(persist);
  for (const effect of out.late) effects.push(effect);
  applyMore(state, effects);
  tellRole(state, effects);
  return effects;
}

function persistOf(state: RaftState, { snapshot }: Output): Persist | undefined {
  const { log, handedState: before } = state;
  const last = lastIndex(log);
  const entries = state.handed < last ? log.entries.slice(state.handed - log.base) : NO_ENTRIES;
  const promised =
    before.term !== state.term ||
    before.vote !== state.vote ||
    before.damaged !== state.damaged ||
    before.amnesiac !== state.amnesiac;
  if (!promised && entries.length === 0 && snapshot === undefined) return undefined;
  // The commit index alone is not worth a write, but it goes along with every one. @see HardState
  const hardState = promised || before.commit !== state.commit ? hardStateOf(state) : undefined;
  if (hardState !== undefined) state.handedState = hardState;
  state.handed = last;
  return {
    type: 'persist',
    hardState,
    snapshot,
    entries,
    token: { term: state.term, index: last, logTerm: lastTerm(log) },
  };
}

/** What of the state has to survive, beside log and snapshot. */
export function hardStateOf({ term, vote, commit, damaged, amnesiac }: RaftState): HardState {
  return { term, vote, commit, damaged, amnesiac };
}

/** Hands committed entries to the state machine, as many as may be under way. */
function applyMore(state: RaftState, effects: RaftEffect[]): void {
  const { log, settings } = state;
  if (state.applying >= state.commit) return;
  if (state.applyingBytes > 0 && state.applyingBytes >= settings.maxApplyBytes) return;
  const entries = entriesFrom(log, state.applying + 1, state.commit, settings.maxApplyBytes - state.applyingBytes);
  if (entries.length === 0) return;
  state.applying += entries.length;
  state.applyingBytes += bytesOf(entries);
  effects.push({ type: 'apply', entries });
}

function tellRole(state: RaftState, effects: RaftEffect[]): void {
  const { told, role, term, leader } = state;
  if (told.role === role && told.term === term && told.leader === leader) return;
  state.told = { role, term, leader };
  effects.push({ type: 'role', role, term, leader });
}
