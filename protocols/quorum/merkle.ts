/**
 * Hash trees over what a node holds as a replica, one for each arc of the ring that it has records in (Merkle 1987;
 * Dynamo, section 4.7). Two replicas compare them from the top, and descend only where they differ:
 *
 *     root of a pair      over the arcs that both replicate
 *     root of an arc      over its buckets            kept until one of them changes
 *     bucket, 64 an arc   sum of the digests of its records (AdHash), changed in place
 *     record              digest of key and versions
 *
 * A node answers for the arcs that it shares with whoever asks, so one tree an arc serves every pair.
 */
import { addDigest, Digest, hashText, subtractDigest } from '../hash.js';
import type { Entry } from './state.js';

/** Parts of an arc. */
const BUCKETS = 64;

interface Bucket {
  sum: number;
  readonly entries: Map<string, Entry>;
}

/** What a node holds of one arc. */
export interface RangeTree {
  readonly end: number;
  /** Who replicates the arc. */
  readonly replicas: readonly string[];
  /** Those that are not empty. */
  readonly buckets: Map<number, Bucket>;
  /** Undefined when it has to be computed again. */
  root: number | undefined;
}

/** Trees by the end of their arc. */
export type Trees = Map<number, RangeTree>;

/** Adds a record; `entry.digest` is what it counts for until it is taken out. */
export function plant(trees: Trees, entry: Entry): void {
  const { arc } = entry;
  if (arc === undefined) return;
  let tree = trees.get(arc.end);
  if (tree === undefined) trees.set(arc.end, (tree = { end: arc.end, replicas: arc.all, buckets: new Map(), root: 0 }));
  const number = bucketOf(entry.key);
  let bucket = tree.buckets.get(number);
  if (bucket === undefined) tree.buckets.set(number, (bucket = { sum: 0, entries: new Map() }));
  bucket.entries.set(entry.key, entry);
  bucket.sum = addDigest(bucket.sum, entry.digest);
  tree.root = undefined;
}

/** Takes a record out, with the digest that it was added with. */
export function uproot(trees: Trees, entry: Entry): void {
  const tree = entry.arc === undefined ? undefined : trees.get(entry.arc.end);
  const number = bucketOf(entry.key);
  const bucket = tree?.buckets.get(number);
  if (tree === undefined || bucket === undefined || !bucket.entries.delete(entry.key)) return;
  bucket.sum = subtractDigest(bucket.sum, entry.digest);
  tree.root = undefined;
  if (bucket.entries.size === 0) tree.buckets.delete(number);
  if (tree.buckets.size === 0) trees.delete(tree.end);
}

/** The hash of an arc. */
export function rootOf(tree: RangeTree): number {
  if (tree.root !== undefined) return tree.root;
  const digest = new Digest();
  for (const [number, sum] of bucketSums(tree)) digest.number(number).number(sum);
  tree.root = digest.value;
  return tree.root;
}

/** Number and sum of each bucket that is not empty, in order. */
export function bucketSums({ buckets }: RangeTree): readonly (readonly [number, number])[] {
  return [...buckets].map(([number, { sum }]) => [number, sum] as const).toSorted((one, other) => one[0] - other[0]);
}

/** The hash of everything that this node and a peer both replicate; 0 when it holds nothing of it. */
export function pairRoot(trees: Trees, peer: string): number {
  let sum = 0;
  for (const tree of trees.values())
    if (tree.replicas.includes(peer)) sum = addDigest(sum, new Digest().number(tree.end).number(rootOf(tree)).value);
  return sum;
}

/** The records of one bucket, in the order of their keys. */
export function entriesIn(trees: Trees, end: number, bucket: number): readonly Entry[] {
  const entries = trees.get(end)?.buckets.get(bucket)?.entries;
  return entries === undefined ? [] : [...entries.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

function bucketOf(key: string): number {
  return hashText(key, 7) % BUCKETS;
}
