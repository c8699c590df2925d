/**
 * Anti-entropy (Dynamo, section 4.7): from time to time a node compares what it holds with some other replica, one level
 * of hashes after the other (`merkle.ts`), and both end up with what either had. Only what differs travels.
 *
 * Who compares ends up with everything that the other had when the comparison began; that is what a node counts on that
 * copies what it gains or has lost (`takeover.ts`). What does not fit into the messages of one comparison makes it
 * partial: it counts for nothing there, and the next one begins at once.
 */
import { bucketSums, entriesIn, pairRoot, rootOf } from './merkle.js';
import type { BucketKeys, KeyDigest, KeyVersions, QuorumMessage, RangeBuckets, RangeRoot } from './message.js';
import { arcOfKey, count, mergeRecord, nextRef, pick, send } from './records.js';
import type { QuorumState, Session } from './state.js';
import { checkCopied, sourcesLeft } from './takeover.js';

type Of<Type extends QuorumMessage['type']> = Extract<QuorumMessage, { type: Type }>;

/** Arcs that one comparison descends into. */
const MOST_RANGES = 64;

/** Time passes: begins a comparison when it is time for one, or at once when there is something to copy. */
export function tickSync(state: QuorumState): void {
  if (state.session !== undefined && state.tick >= state.session.deadline) state.session = undefined;
  if (state.session !== undefined || state.ring === undefined) return;
  const sources = sourcesLeft(state);
  if (sources.length === 0 && state.tick - state.syncTick < state.settings.syncTicks) return;
  const peer = pick(state, sources.length > 0 ? sources : state.peers);
  if (peer === undefined) return;
  state.syncTick = state.tick;
  const ref = nextRef(state);
  const deadline = state.tick + state.settings.timeoutTicks;
  state.session = { ref, peer, deadline, stage: 'ranges', partial: false, complete: false };
  send(state, peer, { type: 'sync', epoch: state.ring.epoch, ref, root: pairRoot(state.trees, peer) });
}

/** Somebody compares. */
export function answerSync(state: QuorumState, from: string, { epoch, ref, root }: Of<'sync'>): void {
  const complete = !state.recovering;
  if (pairRoot(state.trees, from) === root) send(state, from, { type: 'sync-equal', epoch, ref, complete });
  else send(state, from, { type: 'sync-ranges', epoch, ref, complete, ranges: rangesWith(state, from) });
}

/** Nothing differs. */
export function syncEqual(state: QuorumState, from: string, { ref, complete }: Of<'sync-equal'>): void {
  const session = sessionOf(state, from, ref, 'ranges');
  if (session === undefined) return;
  session.complete = complete;
  finish(state, session);
}

/** The other's arcs: down into those that differ. */
export function compareRanges(state: QuorumState, from: string, message: Of<'sync-ranges'>): void {
  const session = sessionOf(state, from, message.ref, 'ranges');
  if (session === undefined) return;
  session.complete = message.complete;
  const theirs = new Map(message.ranges);
  const mine = new Map(rangesWith(state, from));
  const different = [...new Set([...theirs.keys(), ...mine.keys()])].filter((end) => theirs.get(end) !== mine.get(end));
  if (different.length > MOST_RANGES) session.partial = true;
  const ranges = different.slice(0, MOST_RANGES).map((end): RangeBuckets => {
    const tree = state.trees.get(end);
    return [end, tree === undefined ? [] : bucketSums(tree)];
  });
  session.stage = 'keys';
  send(state, from, { type: 'sync-buckets', epoch: message.epoch, ref: message.ref, ranges });
}

/** Somebody's buckets: the keys of those that differ. */
export function answerBuckets(state: QuorumState, from: string, { epoch, ref, ranges }: Of<'sync-buckets'>): void {
  const buckets: BucketKeys[] = [];
  let room = state.settings.batch;
  let partial = false;
  for (const [end, sums] of ranges) {
    const tree = state.trees.get(end);
    if (tree !== undefined && !tree.replicas.includes(from)) continue;
    const theirs = new Map(sums);
    const mine = new Map(tree === undefined ? [] : bucketSums(tree));
    for (const bucket of new Set([...theirs.keys(), ...mine.keys()])) {
      if (theirs.get(bucket) === mine.get(bucket)) continue;
      if (room <= 0) {
        partial = true;
        continue;
      }
      // A bucket goes as a whole: what is not listed is taken for missing.
      const keys = entriesIn(state.trees, end, bucket).map(({ key, digest }): KeyDigest => [key, digest]);
      room -= Math.max(1, keys.length);
      buckets.push([end, bucket, keys]);
    }
  }
  send(state, from, { type: 'sync-keys', epoch, ref, partial, buckets });
}

/** The other's keys: sends the records that it lacks or has otherwise, and asks for those that are lacking here. */
export function compareKeys(state: QuorumState, from: string, message: Of<'sync-keys'>): void {
  const session = sessionOf(state, from, message.ref, 'keys');
  if (session === undefined) return;
  const records: KeyVersions[] = [];
  const wanted: string[] = [];
  for (const [end, bucket, keys] of message.buckets) {
    const theirs = new Map(keys);
    const mine = entriesIn(state.trees, end, bucket).filter(({ arc }) => arc?.all.includes(from) === true);
    for (const { key, digest, versions } of mine) if (theirs.get(key) !== digest) records.push([key, versions]);
    for (const [key, digest] of keys) if (state.entries.get(key)?.digest !== digest) wanted.push(key);
  }
  const { batch } = state.settings;
  session.partial ||= message.partial || wanted.length > batch || records.length > batch;
  session.stage = 'push';
  if (records.length > 0 || wanted.length > 0)
    send(state, from, {
      type: 'sync-pull',
      epoch: message.epoch,
      ref: message.ref,
      records: records.slice(0, batch),
      wanted: wanted.slice(0, batch),
    });
  if (wanted.length === 0) finish(state, session);
}

/** Somebody's records, and what it wants in return. */
export function answerPull(state: QuorumState, from: string, { epoch, ref, records, wanted }: Of<'sync-pull'>): void {
  take(state, records);
  if (wanted.length === 0) return;
  const found = wanted.flatMap((key): readonly KeyVersions[] => {
    const entry = state.entries.get(key);
    return entry?.arc?.all.includes(from) === true ? [[key, entry.versions]] : [];
  });
  send(state, from, { type: 'sync-push', epoch, ref, records: found });
}

/** The records that were wanted. */
export function takePush(state: QuorumState, from: string, { ref, records }: Of<'sync-push'>): void {
  const session = sessionOf(state, from, ref, 'push');
  if (session === undefined) return;
  take(state, records);
  finish(state, session);
}

function finish(state: QuorumState, session: Session): void {
  state.session = undefined;
  if (session.partial) {
    // The next tick goes on.
    state.syncTick = state.tick - state.settings.syncTicks;
    return;
  }
  state.copied.set(session.peer, session.complete);
  checkCopied(state);
}

function take(state: QuorumState, records: readonly KeyVersions[]): void {
  for (const [key, versions] of records) {
    const mine = arcOfKey(state, key)?.all.includes(state.node) === true;
    if (mine && mergeRecord(state, key, versions)) count(state, 'merkle repair');
  }
}

function sessionOf(state: QuorumState, from: string, ref: number, stage: Session['stage']): Session | undefined {
  const { session } = state;
  const expected = session?.ref === ref && session.peer === from && session.stage === stage;
  return expected ? session : undefined;
}

function rangesWith({ trees }: QuorumState, peer: string): readonly RangeRoot[] {
  return [...trees.values()]
    .filter(({ replicas }) => replicas.includes(peer))
    .map((tree): RangeRoot => [tree.end, rootOf(tree)]);
}
