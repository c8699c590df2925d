/**
 * Changes of the configuration. (Dissertation, chapter 4; rules as in etcd.) A configuration is in force on a node from
 * when that node has applied its entry, not, as in the dissertation, from when it has appended it. That is safe because
 *
 * - a leader proposes a change only when it has applied the one before, so that was committed under the configuration
 *   before it, and nobody without it can win an election there;
 * - a node does not campaign while it knows of a committed change that it has not applied;
 * - an append that brings a change says that the one before is committed, and a node writes that down with the entry.
 *   So a node that has the entry of one change has applied, or knows that it has to apply, the one before, also after
 *   a crash: its configuration is never two changes behind its log, and quorums of neighbours overlap.
 *
 * The bug of single-server changes (Ongaro, raft-dev, 10 July 2015) is excluded: nothing is proposed before an entry of
 * the leader's own term, its no-op, is applied.
 */
import { changeConfig, isLearner, isVoter, membersOf } from './config.js';
import type { RejectReason } from './effect.js';
import { entryAt, entryBytes, lastIndex, payloadBytes, termAt } from './log.js';
import { type Output, reject } from './output.js';
import { newProgress } from './progress.js';
import { advanceReads, flushReads, releaseReads } from './read.js';
import { appendOwn, broadcastAppend, broadcastEntries, hasCommittedInTerm, maybeCommit } from './replication.js';
import { abortTransfer, becomeFollower } from './role.js';
import type { Config, ConfigChange, Progress, RaftState, RequestId, Snapshot } from './types.js';

const LEAVE: ConfigChange = { transition: 'auto', changes: [] };

/** Proposes a change. One at a time, and only one that can be made. */
export function proposeChange(state: RaftState, id: RequestId, change: ConfigChange, out: Output): void {
  const refuse = (reason: RejectReason): void => reject(state, out, 'change', id, reason);
  if (state.role !== 'leader') return refuse('not-leader');
  if (state.leadTransferee !== undefined) return refuse('transferring');
  if (state.pendingConfIndex > state.applied || !hasCommittedInTerm(state)) return refuse('config-pending');
  if (changeConfig(state.config, change) === undefined) return refuse('bad-change');
  appendChange(state, id, change, out);
}

function appendChange(state: RaftState, id: RequestId, change: ConfigChange, out: Output): void {
  const index = lastIndex(state.log) + 1;
  appendOwn(state, { type: 'config', index, term: state.term, id, change });
  state.pendingConfIndex = index;
  broadcastAppend(state, out);
}

/** The leader of a joint configuration that is to be left by itself leaves it, once it is applied. (4.3) */
export function leaveJointIfDue(state: RaftState, out: Output): void {
  if (state.role !== 'leader' || !state.config.autoLeave || state.leadTransferee !== undefined) return;
  if (state.applied < state.pendingConfIndex || !hasCommittedInTerm(state)) return;
  appendChange(state, 'leave-joint', LEAVE, out);
}

/** The state machine has applied all up to the index: configurations among it are in force. */
export function appliedTo(state: RaftState, index: number, out: Output): void {
  if (index > state.applying || index <= state.applied) return;
  for (let at = Math.max(state.applied, state.log.base) + 1; at <= index; at += 1) {
    const entry = entryAt(state.log, at);
    if (entry === undefined) break;
    state.applied = at;
    state.applyingBytes -= entryBytes(entry);
    state.uncommittedBytes = Math.max(0, state.uncommittedBytes - payloadBytes(entry));
    // The same on all nodes: what cannot be made here can be made nowhere.
    const config = entry.type === 'config' ? changeConfig(state.config, entry.change) : undefined;
    if (config !== undefined) switchConfig(state, config, at, out);
  }
  state.applied = index;
  leaveJointIfDue(state, out);
  flushReads(state, out);
}

/** Puts a configuration in force. */
export function switchConfig(state: RaftState, config: Config, index: number, out: Output): void {
  installConfig(state, config, index);
  out.late.push({ type: 'config', config, index });
  if (state.role !== 'leader') return;
  const { id } = state.settings;
  // It has led as long as its removal was not committed, without counting itself, and now steps down. (4.2.2)
  if (!isVoter(config, id)) return becomeFollower(state, state.term, undefined, out);
  if (state.leadTransferee !== undefined && !isVoter(config, state.leadTransferee)) abortTransfer(state);
  if (maybeCommit(state)) {
    releaseReads(state, out);
    broadcastAppend(state, out);
  } else broadcastEntries(state, out);
  advanceReads(state, out);
}

/** Makes the configuration that of the state, with progress of its members. */
export function installConfig(state: RaftState, config: Config, index: number): void {
  state.config = config;
  state.configs.push({ index, config });
  const before = state.progress;
  const progress = new Map<string, Progress>();
  for (const node of membersOf(config)) {
    const known = before.get(node) ?? newProgress(node, lastIndex(state.log), false);
    known.isLearner = isLearner(config, node);
    progress.set(node, known);
  }
  state.progress = progress;
}

/** Whether a committed change waits to be applied, so that this node does not know who decides. */
export function hasUnappliedChange({ log, applied, commit }: RaftState): boolean {
  if (applied < log.base) return true;
  for (let at = applied + 1; at <= commit; at += 1) if (entryAt(log, at)?.type === 'config') return true;
  return false;
}

/**
 * What a snapshot of the state machine after the entry `index` has to say of itself. The driver takes one when it sees
 * fit, of any index that is applied; undefined for others.
 */
export function describeSnapshot(state: RaftState, index: number): Snapshot | undefined {
  const term = termAt(state.log, index);
  if (term === undefined || index > state.applied || index === 0) return undefined;
  const config = state.configs.findLast((one) => one.index <= index)?.config;
  return config === undefined ? undefined : { index, term, config };
}
