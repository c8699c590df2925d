/**
 * Writes, at their coordinator: it gives the write its dot, has it on its own disk, sends it to the other replicas, and
 * acknowledges it once W of them have it on theirs. While members change these are W of the old list and W of the new.
 *
 *     begin ──> asking ── W have it ──> acknowledged ── all have it ──────────> closed
 *                  │                         └── time is over: a hint for each that is missing ──^
 *                  └── time is over: unavailable, and the same hints ─────────────────────────────^
 */
import { counterOf } from './clock.js';
import { arcToCoordinate, ask, dueOf, findStandIns, replicaBehind, tally } from './coordinate.js';
import { arcOfKey, count, keepHint, nextDot, nextRef, reply, setRecord, versionsOf } from './records.js';
import type { Arc } from './ring.js';
import type { PutOperation, QuorumInput, QuorumState } from './state.js';
import { writeVersion } from './versions.js';

/** A client writes, or deletes. */
export function beginPut(state: QuorumState, input: Extract<QuorumInput, { type: 'put' }>): void {
  const { id, key, value, context } = input;
  const arc = arcToCoordinate(state, id, key);
  if (arc === undefined) return;
  if (counterOf(context, state.actor) > state.counter) {
    reply(state, id, { type: 'bad-context' });
    return;
  }
  const dot = nextDot(state);
  const versions = writeVersion(versionsOf(state, key), context, dot, value);
  setRecord(state, key, versions);
  const ref = nextRef(state);
  const operation: PutOperation = {
    type: 'put',
    id,
    key,
    versions,
    acked: new Set([state.node]),
    standIns: new Map(),
    quorum: 'strict',
    replied: false,
    askedTick: state.tick,
    startTick: state.tick,
  };
  state.operations.set(ref, operation);
  askToStore(state, ref, operation, arc);
  settlePut(state, ref, operation, arc);
}

/** A node has the write on its disk. */
export function storedAt(state: QuorumState, ref: number, operation: PutOperation, from: string): void {
  const arc = arcOfKey(state, operation.key);
  const replica = arc === undefined ? undefined : replicaBehind(operation, arc.all, from);
  if (arc === undefined || replica === undefined || operation.acked.has(replica)) return;
  operation.acked.add(replica);
  if (replica !== from && !operation.replied) operation.quorum = 'sloppy';
  settlePut(state, ref, operation, arc);
}

/** Time passes for a write. */
export function tickPut(state: QuorumState, ref: number, operation: PutOperation): void {
  const arc = arcOfKey(state, operation.key);
  if (arc === undefined) return;
  const due = dueOf(state, operation);
  if (due === 'close') closePut(state, ref, operation, arc);
  else if (findStandIns(state, operation, arc, missingOf(operation, arc)) || due === 'ask')
    askToStore(state, ref, operation, arc);
}

/** The ring has changed: what has been acknowledged under the one before says nothing about this one. */
export function restartPut(state: QuorumState, ref: number, operation: PutOperation): void {
  const arc = arcOfKey(state, operation.key);
  if (arc?.members.includes(state.node) !== true) {
    giveUp(state, operation);
    state.operations.delete(ref);
    return;
  }
  operation.acked.clear();
  operation.acked.add(state.node);
  operation.standIns.clear();
  askToStore(state, ref, operation, arc);
  settlePut(state, ref, operation, arc);
}

function askToStore(state: QuorumState, ref: number, operation: PutOperation, arc: Arc): void {
  const epoch = state.ring?.epoch ?? 0;
  const { key } = operation;
  // The record of now rather than the write: it may have been superseded meanwhile, and older is never sent.
  const versions = versionsOf(state, key);
  ask(state, operation, missingOf(operation, arc), (standFor) =>
    standFor === undefined
      ? { type: 'store', epoch, ref, key, versions }
      : { type: 'store', epoch, ref, key, versions, standFor },
  );
}

function settlePut(state: QuorumState, ref: number, operation: PutOperation, arc: Arc): void {
  const { acked, versions, quorum, id } = operation;
  const { w } = state.settings;
  if (!operation.replied && tally(arc.members, acked) >= w && tally(arc.next, acked) >= w) {
    operation.replied = true;
    const values = versions.siblings.map(({ value }) => value);
    reply(state, id, { type: 'ok', quorum, values, context: versions.clock });
  }
  if (operation.replied && arc.all.every((replica) => acked.has(replica))) state.operations.delete(ref);
}

function closePut(state: QuorumState, ref: number, operation: PutOperation, arc: Arc): void {
  state.operations.delete(ref);
  for (const replica of missingOf(operation, arc)) keepHint(state, replica, operation.key);
  giveUp(state, operation);
}

function giveUp(state: QuorumState, operation: PutOperation): void {
  if (operation.replied) return;
  count(state, 'quorum failed');
  reply(state, operation.id, { type: 'unavailable', answered: operation.acked.size, needed: state.settings.w });
}

function missingOf({ acked }: PutOperation, { all }: Arc): readonly string[] {
  return all.filter((replica) => !acked.has(replica));
}
