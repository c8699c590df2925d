/**
 * View changes (OSDI 1999, section 4.4): when a request is not executed in time, replicas stop working in their view and
 * send each other what prepared at them; the primary of the next view collects 2f + 1 of these and opens it with a
 * new-view, from which everybody can compute what the view has to begin with.
 *
 *     active in v --timeout, or f + 1 others want a view above v--> waiting for v' --valid new-view for v'--> active in v'
 *                                                                    |  ^
 *                                                                    +--+ timeout (2T, 4T...), or f + 1 others above v'
 */
import { stabilize } from './checkpoint.js';
import { ordersOf, validNewView, validViewChange } from './evidence.js';
import type { NewView, PrePrepare, Signed, ViewChange } from './message.js';
import { quorum, type ReplicaId, weak } from './settings.js';
import { type Effects, isPrimary, type ReplicaState } from './state.js';

/** Leaves the present view for another. From here on only checkpoints, view-changes and new-views are taken. */
export function changeView(state: ReplicaState, view: number, effects: Effects): void {
  const { config, stable, certificates } = state;
  const { timeoutTicks, maxTimeoutTicks } = config.settings;
  // Twice as long for each view that executed nothing, so that in the end it is long enough.
  state.patience = state.progressed ? timeoutTicks : Math.min(2 * state.patience, maxTimeoutTicks);
  state.progressed = false;
  state.view = view;
  state.active = false;
  state.newView = undefined;
  state.forming = undefined;
  state.timer = undefined;
  state.slots.clear();
  state.assigned.clear();
  const prepared = [...certificates.values()].toSorted((one, other) => one.prePrepare.seq - other.prePrepare.seq);
  const { seq, proof } = stable;
  state.viewChange = { type: 'view-change', view, stable: seq, proof, prepared, replica: config.id };
  persistView(state, effects);
  effects.push({ type: 'changing-view', view, patienceTicks: state.patience });
  effects.sign(state.viewChange);
}

function persistView(state: ReplicaState, effects: Effects): void {
  const { view, active, viewChange, forming, newView } = state;
  effects.persist([{ kind: 'view', view, active, viewChange, chosen: forming?.chosen, newView }]);
}

/** A view-change of another replica, or the own one as it comes back signed. */
export function receiveViewChange(state: ReplicaState, message: Signed<ViewChange>, effects: Effects): void {
  const { viewChanges, config } = state;
  const { view, replica } = message;
  const why =
    view < state.view || (view === state.view && state.active)
      ? 'view'
      : view <= (viewChanges.get(replica)?.view ?? 0)
        ? 'stale'
        : validViewChange(message, config.settings)
          ? undefined
          : 'invalid';
  if (why !== undefined) return effects.refuse(message, why);
  viewChanges.set(replica, message);
  effects.multicastOwn(message);
  joinOthers(state, effects);
  choose(state, effects);
}

/** f + 1 others want views above: one of them is correct, so this replica goes with them, to the lowest of these. */
function joinOthers(state: ReplicaState, effects: Effects): void {
  const { viewChanges, config } = state;
  const above: number[] = [];
  for (const [replica, { view }] of viewChanges) if (replica !== config.id && view > state.view) above.push(view);
  if (above.length >= weak(config.settings)) changeView(state, Math.min(...above), effects);
}

/** View-changes for the view that the replica waits for. */
export function changesHeld({ viewChanges, view }: ReplicaState): readonly Signed<ViewChange>[] {
  return [...viewChanges.values()].filter((viewChange) => viewChange.view === view);
}

/** The primary of the view has its own view-change and 2f others: what the view begins with is settled by them. */
function choose(state: ReplicaState, effects: Effects): void {
  const { config, view } = state;
  if (state.active || state.forming !== undefined || !isPrimary(state)) return;
  const own = state.viewChanges.get(config.id);
  const held = changesHeld(state);
  const needed = quorum(config.settings);
  if (own?.view !== view || held.length < needed) return;
  const chosen = [own, ...held.filter(({ replica }) => replica !== config.id).slice(0, needed - 1)];
  state.forming = { chosen, signed: new Map() };
  persistView(state, effects);
  signOrders(state, effects);
}

/** Lets each pre-prepare of O be signed, and then the new-view. */
export function signOrders(state: ReplicaState, effects: Effects): void {
  if (state.forming === undefined) return;
  const { orders } = ordersOf(state.forming.chosen);
  for (const order of orders) effects.sign(order);
  if (orders.length === 0) signNewView(state, effects);
}

/** A pre-prepare of O is signed; with the last of them the new-view can be. */
export function orderSigned(state: ReplicaState, prePrepare: Signed<PrePrepare>, effects: Effects): void {
  const { forming } = state;
  if (forming === undefined || prePrepare.view !== state.view) return;
  const { orders } = ordersOf(forming.chosen);
  const order = orders.find(({ seq }) => seq === prePrepare.seq);
  if (order?.digest !== prePrepare.digest) return;
  forming.signed.set(prePrepare.seq, prePrepare);
  if (forming.signed.size === orders.length) signNewView(state, effects);
}

function signNewView({ forming, view }: ReplicaState, effects: Effects): void {
  if (forming === undefined) return;
  const prePrepares = [...forming.signed.values()].toSorted((one, other) => one.seq - other.seq);
  effects.sign({ type: 'new-view', view, viewChanges: forming.chosen, prePrepares });
}

/** A new-view, or that of this replica as it comes back signed. One that is valid opens any view above. */
export function receiveNewView(state: ReplicaState, message: Signed<NewView>, effects: Effects): void {
  const { view } = message;
  if (view < state.view || (view === state.view && state.active)) return effects.refuse(message, 'view');
  if (!validNewView(message, state.config.settings)) return effects.refuse(message, 'invalid');
  enterView(state, message, effects);
}

function enterView(state: ReplicaState, newView: Signed<NewView>, effects: Effects): void {
  const { view, viewChanges, prePrepares } = newView;
  const { minSeq, proof } = ordersOf(viewChanges);
  // The wait for the execution of a request goes on in the view that it was asked for.
  if (view !== state.view) state.timer = undefined;
  state.view = view;
  state.active = true;
  state.newView = newView;
  state.viewChange = undefined;
  state.forming = undefined;
  state.slots.clear();
  state.assigned.clear();
  state.ordered = prePrepares.at(-1)?.seq ?? minSeq;
  state.entered = minSeq;
  state.next = Math.max(state.ordered, state.stable.seq, state.executed) + 1;
  for (const [replica, viewChange] of state.viewChanges) if (viewChange.view <= view) state.viewChanges.delete(replica);
  assignOrdered(state, prePrepares);
  persistView(state, effects);
  effects.push({ type: 'entered-view', view, newView });
  if (isPrimary(state)) effects.multicast(newView);
  stabilize(state, proof, effects);
}

/** What the new-view orders is not proposed once more. */
function assignOrdered(state: ReplicaState, prePrepares: readonly PrePrepare[]): void {
  for (const { digest } of prePrepares)
    for (const { client, timestamp } of state.batches.get(digest)?.requests ?? [])
      state.assigned.set(client, Math.max(timestamp, state.assigned.get(client) ?? 0));
}

/** The replicas whose view-changes for the view are here. */
export function replicasHeld(state: ReplicaState): readonly ReplicaId[] {
  return changesHeld(state).map(({ replica }) => replica);
}
