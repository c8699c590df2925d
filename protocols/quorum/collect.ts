/**
 * The end of tombstones. A tombstone has to stay until no copy of what it deletes is left anywhere, else that comes back
 * as if it had just been written. Cassandra waits for a time and trusts that repair was run; here the first replica of
 * the key asks all others after that time, and only when each has had the very same tombstone for that long does it go:
 *
 *     aged ── collect ──> each: the same here, and aged? ── consent of all ──> removed here ── drop ──> removed there
 *
 * A replica that is down holds it up. A drop that gets lost leaves a tombstone at one of them, which anti-entropy brings
 * to the others again, and which is collected once more. What remains are copies under way in the network and at nodes
 * that stand in for others in a sloppy quorum: those the grace time has to outlast.
 */
import type { KeyDigest, QuorumMessage } from './message.js';
import { count, nextRef, removeRecord, send } from './records.js';
import type { Candidate, QuorumState } from './state.js';

type Of<Type extends QuorumMessage['type']> = Extract<QuorumMessage, { type: Type }>;

/** Time passes: asks the others about tombstones that are old enough. */
export function tickCollect(state: QuorumState): void {
  const { settings, tick } = state;
  if (state.collection !== undefined && tick < state.collection.deadline) return;
  state.collection = undefined;
  if (!maySettle(state) || state.graves.size === 0 || tick - state.collectTick < settings.syncTicks) return;
  state.collectTick = tick;
  const waiting = new Map<string, Candidate>();
  for (const key of [...state.graves]) {
    const entry = state.entries.get(key);
    const members = entry?.arc?.members;
    if (entry === undefined || members?.[0] !== state.node || !isAged(state, key, entry.digest)) continue;
    const others = members.slice(1);
    if (others.length === 0) {
      collect(state, key);
      continue;
    }
    waiting.set(key, { digest: entry.digest, others, silent: new Set(others) });
    if (waiting.size >= settings.batch) break;
  }
  if (waiting.size === 0) return;
  const ref = nextRef(state);
  state.collection = { ref, deadline: tick + settings.timeoutTicks, waiting };
  for (const [to, tombstones] of byReplica(waiting))
    send(state, to, { type: 'collect', epoch: state.ring?.epoch ?? 0, ref, tombstones });
}

/** Somebody is about to collect tombstones. */
export function answerCollect(state: QuorumState, from: string, { epoch, ref, tombstones }: Of<'collect'>): void {
  if (!maySettle(state)) return;
  const keys = tombstones.filter(([key, digest]) => isAged(state, key, digest)).map(([key]) => key);
  if (keys.length > 0) send(state, from, { type: 'consent', epoch, ref, keys });
}

/** A replica has agreed. */
export function takeConsent(state: QuorumState, from: string, { epoch, ref, keys }: Of<'consent'>): void {
  const { collection } = state;
  if (collection?.ref !== ref) return;
  const collected = new Map<string, Candidate>();
  for (const key of keys) {
    const candidate = collection.waiting.get(key);
    if (candidate?.silent.delete(from) !== true || candidate.silent.size > 0) continue;
    collection.waiting.delete(key);
    if (!isAged(state, key, candidate.digest)) continue;
    collected.set(key, candidate);
    collect(state, key);
  }
  for (const [to, tombstones] of byReplica(collected)) send(state, to, { type: 'drop', epoch, ref, tombstones });
}

/** All have agreed. */
export function takeDrop(state: QuorumState, { tombstones }: Of<'drop'>): void {
  for (const [key, digest] of tombstones) if (isAged(state, key, digest)) removeRecord(state, key);
}

function collect(state: QuorumState, key: string): void {
  removeRecord(state, key);
  count(state, 'tombstone collected');
}

/** Nothing is collected while data moves, nor by a node that does not know what it should have. */
function maySettle({ ring, recovering }: QuorumState): boolean {
  return ring !== undefined && ring.next === undefined && !recovering;
}

function isAged(state: QuorumState, key: string, digest: number): boolean {
  const entry = state.entries.get(key);
  if (entry?.digest !== digest || !state.graves.has(key)) return false;
  return state.tick - entry.since >= state.settings.graceTicks;
}

function byReplica(candidates: ReadonlyMap<string, Candidate>): ReadonlyMap<string, readonly KeyDigest[]> {
  const lists = new Map<string, KeyDigest[]>();
  for (const [key, { digest, others }] of candidates)
    for (const id of others) {
      const list = lists.get(id) ?? [];
      list.push([key, digest]);
      lists.set(id, list);
    }
  return lists;
}
