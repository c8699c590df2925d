/**
 * Who plays Savina (Imam and Sarkar, "Savina - an actor benchmark suite", AGERE 2014). Ours run on one executor, on the
 * main thread of one process; nact is on one thread, too, and Erlang uses all schedulers of the machine, as it does when it
 * is told nothing. Effect takes no part: its actors are the entities of its cluster, which are measured elsewhere.
 *
 * The actors are started before the time begins, unless starting them is the question, and play every run. A run plays
 * the definition `repeats` times, one after another, where once would be over before a clock can tell.
 */
import { erlang, nodePeer, skep } from '../../harness/process.js';
import type { Contender, Plan } from '../../harness/question.js';

/** The three that play everything. */
export function players(work: string): readonly Contender[] {
  return [skep(`savina/${work}`, work), erlang('savina', work), nodePeer('nact', `nact/savina/${work}.mjs`, work)];
}

/** XState, for what its actors can do: they have no turns of their own, a message is handled while it is sent. */
export function xstate(work: string): Contender {
  return nodePeer('xstate', `xstate/savina/${work}.mjs`, work);
}

/** For definitions that take seconds: fewer runs. */
export const longPlans: { readonly full: Plan; readonly quick: Plan } = {
  full: { forks: 3, warmups: 1, rounds: 2, roundsMs: 5_500, error: 0.02 },
  quick: { forks: 1, warmups: 1, rounds: 1 },
};
