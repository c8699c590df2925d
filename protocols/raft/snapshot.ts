/**
 * Snapshots: what they let go of the log, and how they reach a follower that needs what is gone. (Dissertation, chapter
 * 5.) A snapshot travels in chunks, one at a time, each asked for by the offset that is missing: a chunk that is lost is
 * sent again when the follower answers heartbeats and asks for no other, and a follower that was restarted asks from the
 * beginning. The core counts bytes; they lie with the driver.
 *
 *     leader: read-chunk -> driver -> chunk -> snapshot message      one of another index: begin anew
 *     follower: store-chunk, and asks for the next; after the last: persist, restore, acknowledge
 */
import { compact, lastIndex, matches, newLog } from './log.js';
import type { SnapshotChunk, SnapshotResponse } from './message.js';
import { switchConfig } from './membership.js';
import { type Output, send } from './output.js';
import { abandonSnapshot } from './progress.js';
import type { NodeId, Progress, RaftState, Snapshot } from './types.js';

/** Answered heartbeats without a word about a chunk after which it is sent again. */
const CHUNK_WAITS = 3;

/** A snapshot of this node's own state machine is durable: entries behind it go, but for those that are kept. */
export function snapshotted(state: RaftState, snapshot: Snapshot, out: Output): void {
  const { index, term } = snapshot;
  if (index <= (state.snapshot?.index ?? 0) || index > state.applied || !matches(state.log, index, term)) return;
  state.snapshot = snapshot;
  const inForce = state.configs.findLastIndex((one) => one.index <= index);
  if (inForce > 0) state.configs.splice(0, inForce);
  compact(state.log, Math.max(state.log.base, index - state.settings.keepEntries));
  out.late.push({ type: 'compact', index: state.log.base });
}

/** Indexes of snapshots that are being sent, beside the newest. */
export function snapshotsInUse(state: RaftState): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const { sending } of state.progress.values()) if (sending !== undefined) indexes.add(sending.index);
  return indexes;
}

/** The driver has read a chunk. */
export function sendChunk(
  state: RaftState,
  progress: Progress,
  chunk: { readonly index: number; readonly offset: number; readonly data: Uint8Array; readonly done: boolean },
  out: Output,
): void {
  const { sending } = progress;
  if (sending === undefined || sending.index !== chunk.index || progress.chunkOffset !== chunk.offset) return;
  const { offset, data, done } = chunk;
  if (data.length === 0 && !done) return abandonSnapshot(progress);
  progress.chunkEnd = offset + data.length;
  progress.chunkWaits = 0;
  send(out, progress.id, { type: 'snapshot', term: state.term, snapshot: sending, offset, data, done });
}

/** The follower asks for a chunk: the next one, or one before that it has lost with its memory. */
export function chunkWanted(progress: Progress, { index, offset }: SnapshotResponse, out: Output): void {
  const { sending, chunkOffset, chunkEnd } = progress;
  if (sending === undefined || sending.index !== index) return;
  if (offset !== chunkEnd && offset >= chunkOffset) return;
  readChunk(progress, sending, offset, out);
}

/** The follower answered a heartbeat while it gets a snapshot. */
export function chunkWaited(progress: Progress, out: Output): void {
  const { sending, chunkEnd } = progress;
  if (sending === undefined || chunkEnd < 0) return;
  progress.chunkWaits += 1;
  if (progress.chunkWaits >= CHUNK_WAITS) readChunk(progress, sending, progress.chunkOffset, out);
}

function readChunk(progress: Progress, { index }: Snapshot, offset: number, out: Output): void {
  progress.chunkOffset = offset;
  progress.chunkEnd = -1;
  progress.chunkWaits = 0;
  out.early.push({ type: 'read-chunk', to: progress.id, index, offset });
}

/** A chunk arrived at this follower. */
export function receiveChunk(state: RaftState, from: NodeId, message: SnapshotChunk, out: Output): void {
  const { snapshot, offset, data, done } = message;
  const { index, term } = snapshot;
  const acknowledge = (upTo: number): void =>
    send(out, from, {
      type: 'append-response',
      term: state.term,
      index: upTo,
      reject: false,
      rejectHint: 0,
      logTerm: 0,
      damaged: state.damaged || state.amnesiac,
    });
  // It is ahead of the snapshot already, or has all that the snapshot stands for.
  if (index <= state.commit) return acknowledge(state.commit);
  if (matches(state.log, index, term)) {
    state.commit = index;
    return acknowledge(index);
  }
  const received = receivedOf(state, from, snapshot);
  const fits = offset === received && (data.length > 0 || done);
  if (fits) keepChunk(state, from, message, out);
  if (!fits || !done) {
    const wanted = fits ? received + data.length : received;
    send(out, from, { type: 'snapshot-response', term: state.term, index, offset: wanted });
    return;
  }
  install(state, snapshot, out);
  acknowledge(index);
}

/** Bytes that are here of this snapshot of this leader. */
function receivedOf({ incoming, term }: RaftState, from: NodeId, { index, term: of }: Snapshot): number {
  if (incoming === undefined || incoming.from !== from || incoming.term !== term) return 0;
  return incoming.snapshot.index === index && incoming.snapshot.term === of ? incoming.received : 0;
}

function keepChunk(state: RaftState, from: NodeId, { snapshot, offset, data }: SnapshotChunk, out: Output): void {
  state.incoming = { from, term: state.term, snapshot, received: offset + data.length };
  out.early.push({ type: 'store-chunk', snapshot, offset, data });
}

/** Replaces log, state machine and configuration. */
function install(state: RaftState, snapshot: Snapshot, out: Output): void {
  const { index, term, config } = snapshot;
  state.incoming = undefined;
  const fresh = newLog(index, term);
  state.log.entries = fresh.entries;
  state.log.base = fresh.base;
  state.log.baseTerm = fresh.baseTerm;
  state.handed = lastIndex(state.log);
  state.commit = index;
  state.applying = index;
  state.applyingBytes = 0;
  state.snapshot = snapshot;
  state.configs = [];
  out.snapshot = snapshot;
  out.late.push({ type: 'restore', snapshot });
  switchConfig(state, config, index, out);
}
