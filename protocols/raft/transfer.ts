/**
 * Handing leadership over. (Dissertation, 3.10; etcd's MsgTransferLeader.) The leader brings the other up to date, refuses
 * proposals meanwhile, and tells it to stand for election at once; after an election timeout it goes on as before.
 */
import { lastIndex } from './log.js';
import { type Output, reject, send } from './output.js';
import { sendAppend } from './replication.js';
import { abortTransfer } from './role.js';
import type { NodeId, Progress, RaftState, RequestId } from './types.js';

/** Begins a transfer; another one that is under way is given up for it. */
export function transferTo(state: RaftState, id: RequestId, to: NodeId, out: Output): void {
  if (state.role !== 'leader') return reject(state, out, 'transfer', id, 'not-leader');
  const progress = state.progress.get(to);
  if (progress === undefined || progress.isLearner || progress.recoverTo > 0)
    return reject(state, out, 'transfer', id, 'bad-target');
  if (state.leadTransferee === to) return;
  abortTransfer(state);
  if (to === state.settings.id) return reject(state, out, 'transfer', id, 'bad-target');
  // It should be over within an election timeout, so count from now.
  state.electionElapsed = 0;
  state.leadTransferee = to;
  if (!tellIfReady(state, progress, out)) sendAppend(state, progress, true, out);
}

/** Tells the next leader to begin, once it has the whole log. */
export function tellIfReady(state: RaftState, progress: Progress, out: Output): boolean {
  if (state.leadTransferee !== progress.id || progress.match !== lastIndex(state.log)) return false;
  // Voters will not wait for their promises to end: they let whoever comes from the leader through, now or later.
  state.leaseBroken = true;
  send(out, progress.id, { type: 'timeout-now', term: state.term });
  return true;
}
