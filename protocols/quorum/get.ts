/**
 * Reads, at their coordinator: it asks all replicas, answers once R that count have answered, waits for the others while
 * time lasts, and then brings those up to date that had less than all of them together (read repair).
 *
 * A replica that has lost its disk answers, and does not count. While members change R of the old list have to count, and
 * R of the new one have to be heard, whatever they know: as long as they go by this epoch, W of them have not taken a
 * write under the next, where the old list is not asked any more.
 */
import { arcToCoordinate, ask, dueOf, findStandIns, replicaBehind, tally } from './coordinate.js';
import { arcOfKey, count, mergeRecord, nextRef, reply, send, versionsOf } from './records.js';
import type { Arc } from './ring.js';
import type { GetOperation, QuorumInput, QuorumState } from './state.js';
import { includesVersions, mergeVersions, nothing, type Versions } from './versions.js';

/** A client reads. */
export function beginGet(state: QuorumState, { id, key }: Extract<QuorumInput, { type: 'get' }>): void {
  const arc = arcToCoordinate(state, id, key);
  if (arc === undefined) return;
  const ref = nextRef(state);
  const operation: GetOperation = {
    type: 'get',
    id,
    key,
    answers: new Map(),
    heard: new Set(),
    counted: new Set(),
    standIns: new Map(),
    quorum: 'strict',
    replied: false,
    askedTick: state.tick,
    startTick: state.tick,
  };
  state.operations.set(ref, operation);
  begin(state, ref, operation, arc);
}

/** A node has told what it knows of the key. */
export function fetchedFrom(
  state: QuorumState,
  ref: number,
  operation: GetOperation,
  from: string,
  versions: Versions,
  complete: boolean,
): void {
  const arc = arcOfKey(state, operation.key);
  const replica = arc === undefined ? undefined : replicaBehind(operation, arc.all, from);
  if (arc === undefined || replica === undefined) return;
  operation.answers.set(from, mergeVersions(versions, operation.answers.get(from) ?? nothing));
  operation.heard.add(replica);
  if (complete) operation.counted.add(replica);
  if (replica !== from && !operation.replied) operation.quorum = 'sloppy';
  settleGet(state, ref, operation, arc);
}

/** Time passes for a read. */
export function tickGet(state: QuorumState, ref: number, operation: GetOperation): void {
  const arc = arcOfKey(state, operation.key);
  if (arc === undefined) return;
  const due = dueOf(state, operation);
  if (due === 'close') closeGet(state, ref, operation, arc);
  else if (findStandIns(state, operation, arc, missingOf(operation, arc)) || due === 'ask')
    askToFetch(state, ref, operation, arc);
}

/** The ring has changed: it begins again. */
export function restartGet(state: QuorumState, ref: number, operation: GetOperation): void {
  const arc = arcOfKey(state, operation.key);
  operation.answers.clear();
  operation.heard.clear();
  operation.counted.clear();
  operation.standIns.clear();
  if (!operation.replied) operation.quorum = 'strict';
  if (arc?.members.includes(state.node) === true) {
    begin(state, ref, operation, arc);
    return;
  }
  giveUp(state, operation);
  state.operations.delete(ref);
}

function begin(state: QuorumState, ref: number, operation: GetOperation, arc: Arc): void {
  operation.answers.set(state.node, versionsOf(state, operation.key));
  operation.heard.add(state.node);
  if (!state.recovering) operation.counted.add(state.node);
  askToFetch(state, ref, operation, arc);
  settleGet(state, ref, operation, arc);
}

function askToFetch(state: QuorumState, ref: number, operation: GetOperation, arc: Arc): void {
  const epoch = state.ring?.epoch ?? 0;
  const others = missingOf(operation, arc).filter((replica) => replica !== state.node);
  ask(state, operation, others, () => ({ type: 'fetch', epoch, ref, key: operation.key }));
}

function settleGet(state: QuorumState, ref: number, operation: GetOperation, arc: Arc): void {
  const { heard, counted, id, quorum } = operation;
  const { r } = state.settings;
  if (!operation.replied && tally(arc.members, counted) >= r && tally(arc.next, heard) >= r) {
    operation.replied = true;
    const { clock, siblings } = together(operation);
    if (siblings.length > 1) count(state, 'siblings returned');
    reply(state, id, { type: 'ok', quorum, values: siblings.map(({ value }) => value), context: clock });
  }
  if (operation.replied && arc.all.every((replica) => heard.has(replica))) closeGet(state, ref, operation, arc);
}

function closeGet(state: QuorumState, ref: number, operation: GetOperation, arc: Arc): void {
  state.operations.delete(ref);
  giveUp(state, operation);
  const { key, answers } = operation;
  if (mergeRecord(state, key, together(operation))) count(state, 'read repair');
  const versions = versionsOf(state, key);
  for (const replica of arc.all) {
    const answer = answers.get(replica);
    if (replica === state.node || answer === undefined || includesVersions(answer, versions)) continue;
    count(state, 'read repair');
    send(state, replica, { type: 'store', epoch: state.ring?.epoch ?? 0, ref: nextRef(state), key, versions });
  }
}

function giveUp(state: QuorumState, operation: GetOperation): void {
  if (operation.replied) return;
  count(state, 'quorum failed');
  const answered = operation.counted.size;
  reply(state, operation.id, { type: 'unavailable', answered, needed: state.settings.r });
}

function together({ answers }: GetOperation): Versions {
  let versions = nothing;
  for (const answer of answers.values()) versions = mergeVersions(versions, answer);
  return versions;
}

/** A member counts once it knows what it should have; of one that is to be, an answer is enough. */
function missingOf({ heard, counted }: GetOperation, { all, members }: Arc): readonly string[] {
  return all.filter((replica) => !(members.includes(replica) ? counted : heard).has(replica));
}
