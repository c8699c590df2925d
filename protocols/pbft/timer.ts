/**
 * The timer of a replica (OSDI 1999, sections 4.4 and 4.5.2). A backup waits for the execution of the request that came
 * first of those that it has; when that one is executed it waits for the next, with the whole time before it. A replica
 * that asked for a view begins to wait once 2f + 1 asked for that or one above, so that the faulty cannot hurry it on, and
 * goes on waiting in that view until a request is executed there. (The paper counts those that asked for this very view,
 * and has every message arrive in the end; here only the latest of each replica is sent again, and f + 1 correct replicas
 * below a view that the others went on to would wait for them for ever.)
 */
import type { Effects, ReplicaState } from './state.js';
import { isPrimary } from './state.js';
import { quorum } from './settings.js';
import { changeView } from './view-change.js';

/** A tick has passed. */
export function tickTimer(state: ReplicaState, effects: Effects): void {
  const { timer } = state;
  if (timer === undefined) return;
  timer.leftTicks -= 1;
  if (timer.leftTicks <= 0) changeView(state, state.view + 1, effects);
}

/** Starts, stops or restarts the timer after a step. */
export function setTimer(state: ReplicaState): void {
  const { patience, timer } = state;
  if (!state.active) {
    if (timer === undefined && askedFor(state) >= quorum(state.config.settings))
      state.timer = { leftTicks: patience, awaits: 'view' };
    return;
  }
  const [first] = state.waiting.values();
  if (first === undefined || isPrimary(state)) {
    state.timer = undefined;
    return;
  }
  if (timer !== undefined && isAwaited(state, timer.awaits)) return;
  const { client, timestamp } = first.request;
  state.timer = { leftTicks: patience, awaits: { client, timestamp } };
}

/** How many replicas want the view that this one waits for, or one above. */
function askedFor({ viewChanges, view }: ReplicaState): number {
  let count = 0;
  for (const viewChange of viewChanges.values()) if (viewChange.view >= view) count += 1;
  return count;
}

function isAwaited(
  { waiting, progressed }: ReplicaState,
  awaits: NonNullable<ReplicaState['timer']>['awaits'],
): boolean {
  if (awaits === 'view') return !progressed;
  return waiting.get(awaits.client)?.request.timestamp === awaits.timestamp;
}
