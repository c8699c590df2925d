/**
 * The records of a node, and everything that has to change with them: the hash trees, the tombstones, the disk. What a
 * step writes is gathered and leaves as one `persist` before the next message or answer does.
 */
import { nextChance, chanceOf } from '../chance.js';
import type { Dot } from './clock.js';
import { plant, uproot } from './merkle.js';
import type { QuorumMessage } from './message.js';
import { type Arc, arcAt, positionOf } from './ring.js';
import type { Entry, QuorumEvent, QuorumResult, QuorumState } from './state.js';
import { digestVersions, isTombstone, mergeVersions, nothing, type Versions } from './versions.js';

/** Numbers that are reserved on the disk at once, so that not every write of a record is one of the identity as well. */
const RESERVED = 256;

/** What the node knows of a key. */
export function versionsOf(state: QuorumState, key: string): Versions {
  return state.entries.get(key)?.versions ?? nothing;
}

/** Where a key lies on the ring of now. */
export function arcOfKey({ table }: QuorumState, key: string): Arc | undefined {
  return table === undefined ? undefined : arcAt(table, positionOf(key));
}

/** Merges what another copy knows into the record; false when it knew nothing new. */
export function mergeRecord(state: QuorumState, key: string, versions: Versions): boolean {
  const before = versionsOf(state, key);
  const merged = mergeVersions(before, versions);
  if (merged === before) return false;
  setRecord(state, key, merged);
  return true;
}

/** Replaces the versions of a key. */
export function setRecord(state: QuorumState, key: string, versions: Versions): void {
  const before = state.entries.get(key);
  if (before !== undefined) uproot(state.trees, before);
  const position = before?.position ?? positionOf(key);
  const arc = before?.arc ?? (state.table === undefined ? undefined : arcAt(state.table, position));
  const entry: Entry = { key, position, versions, digest: digestVersions(key, versions), arc, since: state.tick };
  state.entries.set(key, entry);
  if (isReplica(state, entry)) plant(state.trees, entry);
  if (isTombstone(versions)) state.graves.add(key);
  else state.graves.delete(key);
  state.writes.push({ type: 'record', key, versions });
}

/** Forgets a record, with the hints for it. */
export function removeRecord(state: QuorumState, key: string): void {
  const entry = state.entries.get(key);
  if (entry === undefined) return;
  for (const target of [...state.hints.keys()]) removeHint(state, target, key);
  uproot(state.trees, entry);
  state.entries.delete(key);
  state.graves.delete(key);
  state.writes.push({ type: 'record', key, versions: undefined });
}

/** Whether the node holds a record as one of its replicas, now or soon, and not in the place of another. */
export function isReplica({ node }: QuorumState, { arc }: Entry): boolean {
  return arc?.all.includes(node) === true;
}

/** Remembers that a node has missed a key. False when there are too many hints. */
export function keepHint(state: QuorumState, target: string, key: string): boolean {
  const keys = state.hints.get(target) ?? new Set<string>();
  if (keys.has(key)) return true;
  if (state.hintCount >= state.settings.maxHints) {
    count(state, 'hint refused');
    return false;
  }
  state.hints.set(target, keys.add(key));
  state.hintCount += 1;
  state.writes.push({ type: 'hint', target, key, kept: true });
  count(state, 'hint kept');
  return true;
}

export function removeHint(state: QuorumState, target: string, key: string): void {
  const keys = state.hints.get(target);
  if (keys?.delete(key) !== true) return;
  if (keys.size === 0) state.hints.delete(target);
  state.hintCount -= 1;
  state.writes.push({ type: 'hint', target, key, kept: false });
}

/** The dot of the next write that this node coordinates. */
export function nextDot(state: QuorumState): Dot {
  state.counter += 1;
  if (state.counter > state.ceiling) {
    state.ceiling = state.counter + RESERVED;
    writeIdentity(state);
  }
  return [state.actor, state.counter];
}

export function writeIdentity(state: QuorumState): void {
  const { actor, ceiling, recovering } = state;
  state.writes.push({ type: 'identity', identity: { actor, ceiling, recovering } });
}

/** Sends, after everything that was written before is on the disk. To itself a node sends nothing. */
export function send(state: QuorumState, to: string, message: QuorumMessage): void {
  flush(state);
  state.effects.push({ type: 'send', to, message });
}

export function reply(state: QuorumState, id: string, result: QuorumResult): void {
  flush(state);
  state.effects.push({ type: 'reply', id, result });
}

export function count(state: QuorumState, event: QuorumEvent): void {
  state.effects.push({ type: 'count', event });
}

/** Everything that was written goes to the disk before what comes next. */
export function flush(state: QuorumState): void {
  if (state.writes.length === 0) return;
  state.effects.push({ type: 'persist', writes: state.writes });
  state.writes = [];
}

/** A number that no other message of this node has. */
export function nextRef(state: QuorumState): number {
  state.nextRef += 1;
  return state.nextRef;
}

/** One of the items, by chance. */
export function pick<T>(state: QuorumState, items: readonly T[]): T | undefined {
  state.chance = nextChance(state.chance);
  return items[chanceOf(state.chance, items.length)];
}
