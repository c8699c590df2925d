/**
 * What a follower does with the words of its leader. (Dissertation, figure 3.1, AppendEntries.) Acknowledgements leave
 * once what they acknowledge is durable.
 */
import { append, findConflict, findConflictByTerm, lastIndex, matches, truncate } from './log.js';
import type { Append, Heartbeat } from './message.js';
import { type Output, send } from './output.js';
import type { NodeId, RaftState } from './types.js';

/** The leader sends entries, or asks whether the logs agree. */
export function receiveAppend(state: RaftState, from: NodeId, message: Append, out: Output): void {
  const { log, commit } = state;
  const { index, logTerm, entries } = message;
  if (index < commit) return acknowledge(state, from, commit, out);
  if (!matches(log, index, logTerm)) return rejectAppend(state, from, message, out);
  // Not the last index of the log: what is behind the entries is not known to agree.
  const last = index + entries.length;
  appendNew(state, message);
  state.commit = Math.max(commit, Math.min(message.commit, last));
  recover(state, message, last);
  acknowledge(state, from, last, out);
}

/** Appends what is not there yet. Only an entry that differs removes those behind it: a late append must not. (3.5) */
function appendNew(state: RaftState, { index, entries }: Append): void {
  const { log } = state;
  const conflict = findConflict(log, entries);
  if (conflict === 0) return;
  // What is committed stays: the entries begin behind it.
  if (conflict <= lastIndex(log)) {
    truncate(log, conflict);
    state.handed = Math.min(state.handed, conflict - 1);
  }
  append(log, conflict === index + 1 ? entries : entries.slice(conflict - index - 1));
}

/** A damaged node is sound again when it has all that the leader of this term had when it asked. */
function recover(state: RaftState, { recoverTo }: Append, last: number): void {
  if (!state.damaged) return;
  if (recoverTo > 0) state.recovery = { term: state.term, index: recoverTo };
  const { recovery } = state;
  if (recovery === undefined || recovery.term !== state.term || last < recovery.index) return;
  state.damaged = false;
  state.recovery = undefined;
}

function acknowledge(state: RaftState, to: NodeId, index: number, out: Output): void {
  const { term } = state;
  const damaged = isUncounted(state);
  send(out, to, { type: 'append-response', term, index, reject: false, rejectHint: 0, logTerm: 0, damaged });
}

/** Hints at the last entry that may agree: the last one of a term up to that of the leader's entry. */
function rejectAppend(state: RaftState, to: NodeId, { index, logTerm }: Append, out: Output): void {
  const hint = findConflictByTerm(state.log, Math.min(index, lastIndex(state.log)), logTerm);
  send(out, to, {
    type: 'append-response',
    term: state.term,
    index,
    reject: true,
    rejectHint: hint.index,
    logTerm: hint.term,
    damaged: isUncounted(state),
  });
}

/** The leader is alive. It never commits by a heartbeat what it does not know to be here. */
export function receiveHeartbeat(state: RaftState, from: NodeId, message: Heartbeat, out: Output): void {
  const { round, sentAt } = message;
  // What the leader knows to be here may be lost.
  if (!isUncounted(state)) {
    if (message.commit > lastIndex(state.log)) state.ignored += 1;
    else state.commit = Math.max(state.commit, message.commit);
  }
  // To know of no later term is worth nothing when one may have been forgotten.
  const promised = state.amnesiac ? 0 : round;
  const damaged = isUncounted(state);
  send(out, from, { type: 'heartbeat-response', term: state.term, round: promised, sentAt, damaged });
}

/** Whether the leader must not count this node: it has lost entries, or does not know what it promised. */
export function isUncounted({ damaged, amnesiac }: RaftState): boolean {
  return damaged || amnesiac;
}
