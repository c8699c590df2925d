/**
 * Hinted hand-off (Dynamo, section 4.6): who notices that a replica has missed a write remembers it on its disk, and
 * sends what it has of the key until the replica acknowledges it. A hint is a name and a key; what is sent is the record
 * of that time, so a hint never brings back what has been superseded since.
 *
 *     kept ── every hintTicks ──> under way ── acknowledged ──> the next one, at once
 *       ^                            │
 *       └────── no answer in time ───┘
 *
 * The coordinator of a write keeps them, being a replica itself, and so does whoever stands in for a replica in a sloppy
 * quorum; that one gives the record up with the hint.
 */
import { count, isReplica, keepHint, nextRef, removeHint, removeRecord, send } from './records.js';
import type { Delivery, QuorumState } from './state.js';

/** Time passes: what was not acknowledged is tried again, one hint for each node at first. */
export function tickHints(state: QuorumState): void {
  for (const [ref, { deadline }] of state.deliveries) if (state.tick >= deadline) state.deliveries.delete(ref);
  if (state.ring === undefined || state.tick - state.hintTick < state.settings.hintTicks) return;
  state.hintTick = state.tick;
  const underWay = new Set([...state.deliveries.values()].map(({ target }) => target));
  for (const target of [...state.hints.keys()]) if (!underWay.has(target)) deliverNext(state, target);
}

/** A node has acknowledged a hint. */
export function hintStored(state: QuorumState, ref: number, { target, key, digest }: Delivery): void {
  state.deliveries.delete(ref);
  // What has changed under way is delivered once more.
  if (state.entries.get(key)?.digest === digest) {
    count(state, 'hint delivered');
    removeHint(state, target, key);
    releaseRecord(state, key);
  }
  deliverNext(state, target);
}

/**
 * Removes a record that this node neither replicates nor keeps for another as a stand-in. Of an arc that it has lost it
 * keeps nothing, hints or not: others have copied what was acknowledged, and may have deleted and collected it.
 */
export function releaseRecord(state: QuorumState, key: string): void {
  const entry = state.entries.get(key);
  if (entry !== undefined && !isReplica(state, entry) && !standsIn(state, key)) removeRecord(state, key);
}

/** Whether this node has a record for others, in a sloppy quorum: it may have taken part in acknowledging it. */
export function standsIn({ settings, hints }: QuorumState, key: string): boolean {
  return settings.sloppy && [...hints.values()].some((keys) => keys.has(key));
}

/** Gives up hints for nodes that do not replicate the key any more; a stand-in hands over to another one instead. */
export function turnVoidHints(state: QuorumState): void {
  for (const [target, keys] of [...state.hints])
    for (const key of [...keys]) {
      if (!isVoid(state, target, key)) continue;
      removeHint(state, target, key);
      const entry = state.entries.get(key);
      const heir = entry?.arc?.members.find((id) => id !== state.node);
      if (state.settings.sloppy && entry !== undefined && !isReplica(state, entry) && heir !== undefined)
        keepHint(state, heir, key);
    }
}

function deliverNext(state: QuorumState, target: string): void {
  for (const key of [...(state.hints.get(target) ?? [])]) {
    const entry = state.entries.get(key);
    if (entry === undefined || isVoid(state, target, key)) {
      removeHint(state, target, key);
      releaseRecord(state, key);
      continue;
    }
    const { versions, digest } = entry;
    const ref = nextRef(state);
    state.deliveries.set(ref, { target, key, digest, deadline: state.tick + state.settings.timeoutTicks });
    send(state, target, { type: 'store', epoch: state.ring?.epoch ?? 0, ref, key, versions });
    return;
  }
}

function isVoid(state: QuorumState, target: string, key: string): boolean {
  return state.entries.get(key)?.arc?.all.includes(target) !== true;
}
