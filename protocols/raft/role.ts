/**
 * Changes of role, and what is forgotten with them. (Dissertation, figure 3.3; the pre-candidate of 9.6.)
 *
 *                  election timeout           a majority would vote          a majority voted
 *     follower ----------------> pre-candidate ---------------> candidate ----------------> leader
 *        ^                            |                            |                          |
 *        +----------------------------+----------------------------+--------------------------+
 *              a leader of this term, a higher term, a lost election, no answers from a quorum
 */
import { chanceOf, nextChance } from '../chance.js';
import { lastIndex } from './log.js';
import { type Output, reject } from './output.js';
import { becomeReplicate, resetProgress } from './progress.js';
import type { NodeId, RaftState } from './types.js';

/** Follows in a term; `leader` when it is known. */
export function becomeFollower(state: RaftState, term: number, leader: NodeId | undefined, out: Output): void {
  reset(state, term);
  state.role = 'follower';
  state.leader = leader;
  rejectReads(state, out);
}

/** Asks whether an election could be won. Neither term nor vote change. */
export function becomePreCandidate(state: RaftState): void {
  state.role = 'pre-candidate';
  state.leader = undefined;
  state.votes.clear();
}

/** Stands for election in the next term, and votes for itself. */
export function becomeCandidate(state: RaftState, out: Output): void {
  reset(state, state.term + 1);
  state.role = 'candidate';
  state.vote = state.settings.id;
  rejectReads(state, out);
}

/** Leads. Its own log is durable as a whole: its vote was, and what came before is. */
export function becomeLeader(state: RaftState): void {
  reset(state, state.term);
  state.role = 'leader';
  state.leader = state.settings.id;
  const own = state.progress.get(state.settings.id);
  if (own === undefined) return;
  own.match = lastIndex(state.log);
  becomeReplicate(own);
  own.recentActive = true;
}

/** Gives a transfer of leadership up. */
export function abortTransfer(state: RaftState): void {
  state.leadTransferee = undefined;
}

function reset(state: RaftState, term: number): void {
  if (state.term !== term) {
    state.term = term;
    state.vote = undefined;
    state.leaseBroken = false;
  }
  state.leader = undefined;
  state.electionElapsed = 0;
  state.heartbeatElapsed = 0;
  randomizeTimeout(state);
  abortTransfer(state);
  state.votes.clear();
  const next = lastIndex(state.log) + 1;
  for (const progress of state.progress.values()) resetProgress(progress, next);
  state.pendingConfIndex = 0;
  state.uncommittedBytes = 0;
  state.incoming = undefined;
  state.recovery = undefined;
}

/** Another timeout for each term, from n to 2n - 1 ticks, so that split votes do not go on. (3.4) */
export function randomizeTimeout(state: RaftState): void {
  const { electionTicks } = state.settings;
  state.seed = nextChance(state.seed);
  state.randomizedElectionTimeout = electionTicks + chanceOf(state.seed, electionTicks);
}

/** Reads that no quorum has confirmed will not be by this node, and those asked of a leader may never be answered. */
function rejectReads(state: RaftState, out: Output): void {
  const { pendingReads, forwardedReads } = state;
  if (pendingReads.length > 0) {
    state.pendingReads = [];
    for (const { id, from } of pendingReads)
      if (from === state.settings.id) reject(state, out, 'read', id, 'lost-leadership');
  }
  if (forwardedReads.size === 0) return;
  for (const id of forwardedReads.keys()) reject(state, out, 'read', id, 'lost-leadership');
  forwardedReads.clear();
}
