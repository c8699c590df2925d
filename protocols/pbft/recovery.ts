/**
 * A replica that starts again, from what it kept. The paper counts a replica that loses its memory among the faulty; so
 * that a crash costs nothing of f, everything that a replica promised is durable before it is signed, and a restart goes
 * on where the promise left it: the same view, the same pre-prepares accepted, the same certificates. What it did not
 * promise it learns again: votes of others come in answer to its status, and batches that committed are executed again
 * from the last stable checkpoint, with the same outcome.
 */
import type { DurableRecord } from './effects.js';
import { readState } from './encoding.js';
import { ordersOf } from './evidence.js';
import type { PrePrepare, Signed } from './message.js';
import { prepare } from './ordering.js';
import { type Effects, newReplica, type ReplicaConfig, type ReplicaState, slotAt } from './state.js';
import { signOrders } from './view-change.js';

/** A replica from its records, in any order; {@link resume} has to be its first input. */
export function recoverReplica(config: ReplicaConfig, records: readonly DurableRecord[]): ReplicaState {
  const state = newReplica(config);
  for (const record of records) if (record.kind === 'stable') recoverStable(state, record);
  for (const record of records) {
    if (record.kind === 'view') recoverView(state, record);
    else if (record.kind !== 'stable' && record.seq > state.stable.seq) recoverEntry(state, record);
  }
  // A slot of a view before says nothing of this one: its certificate, if there was one, has a record of its own.
  for (const [seq, slot] of state.slots)
    if (slot.prePrepare?.view !== state.view || !state.active) state.slots.delete(seq);
  return state;
}

function recoverStable(
  state: ReplicaState,
  { seq, digest, proof, state: bytes }: DurableRecord & { kind: 'stable' },
): void {
  state.stable = { seq, digest, proof, state: bytes };
  state.executed = seq;
  for (const [client, last] of readState(bytes)?.clients ?? []) state.clients.set(client, last);
}

function recoverView(state: ReplicaState, record: DurableRecord & { kind: 'view' }): void {
  const { view, active, viewChange, chosen, newView } = record;
  state.view = view;
  state.active = active;
  state.viewChange = viewChange;
  state.newView = newView;
  state.progressed = view === 0;
  if (newView !== undefined) state.ordered = newView.prePrepares.at(-1)?.seq ?? ordersOf(newView.viewChanges).minSeq;
  if (chosen === undefined) return;
  state.forming = { chosen, signed: new Map() };
  for (const one of chosen) state.viewChanges.set(one.replica, one);
}

function recoverEntry(state: ReplicaState, record: DurableRecord & { kind: 'slot' | 'batch' | 'prepared' }): void {
  const { seq } = record;
  switch (record.kind) {
    case 'batch':
      state.batches.set(record.digest, { seq, requests: record.requests });
      return;
    case 'prepared':
      state.certificates.set(seq, record.certificate);
      return;
    default: {
      // The own signature of a primary comes again with `resume`.
      const signature = record.signature ?? new Uint8Array(0);
      slotAt(state, seq).prePrepare = { ...record.prePrepare, signature };
    }
  }
}

/** Begins to work: what was promised is signed and said again, as it was. */
export function resume(state: ReplicaState, effects: Effects): void {
  const { stable, executed } = state;
  const content = stable.seq === 0 ? undefined : readState(stable.state);
  if (content !== undefined) effects.push({ type: 'restore', seq: executed, service: content.service });
  if (!state.active) {
    // View-changes that were chosen have their signatures; what they settled is signed again.
    if (state.forming !== undefined) signOrders(state, effects);
    else if (state.viewChange !== undefined) effects.sign(state.viewChange);
    return;
  }
  state.next = Math.max(state.ordered, stable.seq, ...state.slots.keys()) + 1;
  const slots = [...state.slots].toSorted(([one], [other]) => one - other);
  for (const [seq, slot] of slots) if (slot.prePrepare !== undefined) resumeSlot(state, seq, slot.prePrepare, effects);
  for (const [seq, { prePrepare }] of state.certificates) {
    if (prePrepare.view !== state.view) continue;
    const { view, digest } = prePrepare;
    effects.sign({ type: 'commit', view, seq, digest, replica: state.config.id });
  }
}

function resumeSlot(state: ReplicaState, seq: number, prePrepare: Signed<PrePrepare>, effects: Effects): void {
  if (prePrepare.signature.length > 0) return prepare(state, prePrepare, effects);
  const { type, view, digest } = prePrepare;
  slotAt(state, seq).prePrepare = undefined;
  for (const { client, timestamp } of state.batches.get(digest)?.requests ?? []) state.assigned.set(client, timestamp);
  effects.sign({ type, view, seq, digest });
}
