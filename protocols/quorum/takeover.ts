/**
 * What a node does when its ring changes, and how it gets what it lacks: arcs that it gains, or everything after its
 * disk has lost records. In both cases it copies from the members of each arc until it must have every acknowledged
 * write.
 *
 * A write is acknowledged when W of the L members of its arc have it. Any L - W + 1 of them include one of those W; so
 * who has copied everything from that many which are complete themselves has it, and so has who has copied everything
 * from all the others, whatever their state. Copies are made within one epoch: a source has then refused every write of
 * an epoch before, and nothing of it can come after. Until it is done a node that gains is not in `members`, and one
 * that recovers does not count in reads; both take writes.
 *
 * Who gains copies from L - R + 1 members at least: fewer than R are left then that do not know that the ring changes,
 * too few for a read by the ring before.
 *
 * So with R + W > N a read sees every acknowledged write as long as fewer than W replicas of its key have lost their
 * disks and are not recovered: at most N - W of those that count in reads lack it.
 */
import { restartGet } from './get.js';
import { releaseRecord, standsIn, turnVoidHints } from './hints.js';
import { plant } from './merkle.js';
import { restartPut } from './put.js';
import { count, flush, isReplica, removeRecord, writeIdentity } from './records.js';
import { type Arc, arcAt, layOut, type Ring } from './ring.js';
import type { QuorumState } from './state.js';

/** Goes by another ring, unless its epoch is not above that of now. */
export function adoptRing(state: QuorumState, ring: Ring): void {
  if (ring.epoch <= (state.ring?.epoch ?? 0)) return;
  state.writes.push({ type: 'ring', ring });
  layOutRing(state, ring);
  count(state, 'ring adopted');
  // Of an arc that is only to come this node may hold what others have deleted and collected since.
  for (const entry of [...state.entries.values()]) {
    const stale = isReplica(state, entry) && entry.arc?.members.includes(state.node) !== true;
    if (stale && !standsIn(state, entry.key)) removeRecord(state, entry.key);
  }
  turnVoidHints(state);
  for (const key of [...state.entries.keys()]) releaseRecord(state, key);
  for (const [ref, operation] of [...state.operations]) {
    if (operation.type === 'put') restartPut(state, ref, operation);
    else restartGet(state, ref, operation);
  }
  checkCopied(state);
}

/** Lays a ring out, and every record on it. */
export function layOutRing(state: QuorumState, ring: Ring): void {
  const table = layOut(ring, state.settings.n);
  state.ring = ring;
  state.table = table;
  state.session = undefined;
  state.collection = undefined;
  state.deliveries.clear();
  state.copied.clear();
  state.trees.clear();
  for (const entry of state.entries.values()) {
    entry.arc = arcAt(table, entry.position);
    if (isReplica(state, entry)) plant(state.trees, entry);
  }
  const mine = table.arcs.filter(({ all }) => all.includes(state.node));
  state.peers = [...new Set(mine.flatMap(({ all }) => all))].filter((id) => id !== state.node);
  state.gaining = mine.some((arc) => gains(state.node, arc));
}

/** Nodes that are still to be copied from. */
export function sourcesLeft(state: QuorumState): readonly string[] {
  return [
    ...new Set([...(state.gaining ? sourcesOfGains(state) : []), ...(state.recovering ? sourcesOfAll(state) : [])]),
  ];
}

/** Something was copied: looks whether that was all. */
export function checkCopied(state: QuorumState): void {
  const { ring } = state;
  if (ring === undefined) return;
  if (state.gaining && sourcesOfGains(state).size === 0) {
    state.gaining = false;
    count(state, 'range moved');
    flush(state);
    state.effects.push({ type: 'synced', epoch: ring.epoch });
  }
  if (state.recovering && sourcesOfAll(state).size === 0) {
    state.recovering = false;
    writeIdentity(state);
    count(state, 'recovered');
  }
}

/** Where to copy from what this node gains: no quorum of the ring before is left without one of those. */
function sourcesOfGains(state: QuorumState): ReadonlySet<string> {
  const { r, w } = state.settings;
  return sourcesOf(state, gains, Math.min(r, w));
}

/** Where to copy from everything that this node answers for: every W that may have acknowledged include one of those. */
function sourcesOfAll(state: QuorumState): ReadonlySet<string> {
  return sourcesOf(state, answersFor, state.settings.w);
}

function gains(node: string, { members, next }: Arc): boolean {
  return next.includes(node) && !members.includes(node);
}

function answersFor(node: string, { members }: Arc): boolean {
  return members.includes(node);
}

/** Nodes that have still to be copied from, for arcs of a kind: of L members L - `quorum` + 1 that are complete, or all. */
function sourcesOf(
  { table, node, copied }: QuorumState,
  concerns: (node: string, arc: Arc) => boolean,
  quorum: number,
): ReadonlySet<string> {
  const sources = new Set<string>();
  for (const arc of table?.arcs ?? []) {
    if (!concerns(node, arc)) continue;
    const complete = arc.members.filter((id) => id !== node && copied.get(id) === true).length;
    if (complete >= arc.members.length - quorum + 1) continue;
    for (const id of arc.members) if (id !== node && !copied.has(id)) sources.add(id);
  }
  return sources;
}
