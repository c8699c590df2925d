/**
 * Hashes of what a replica holds, as a tree of two levels (Merkle): each document has the hash of its canonical bytes, a
 * bucket the sum of its documents, and the root that of the buckets. Two replicas that agree find out by one root; two
 * that do not find the documents in which they differ by the buckets. The sum is exclusive-or, so a document that changes
 * costs its own hash and no other.
 *
 *     root    64 bits ---- equal: nothing to do
 *     bucket  64 of them - which of them differ
 *     document             which of those differ: these are sent
 *
 * The hash is MurmurHash3 (Appleby), twice with two seeds: 64 bits against accidents, not against forgers; replicas that
 * lie are not what these protocols are for.
 */
import type { Causal } from './store.js';
import { encodeState } from './encoding.js';
import { compareText } from './dot.js';
import type { Kind } from './kind.js';

/** 64 bits. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

export const noHash: Hash = { high: 0, low: 0 };

/** Buckets of a tree. */
export const bucketCount = 64;

/** What the tree reads of a document. */
export interface Hashed {
  readonly kind: Kind;
  readonly state: Causal;
}

/** The tree; made by {@link newDigest}. */
export interface Digest {
  readonly buckets: Hash[];
  readonly hashes: Map<string, Hash>;
  /** Documents whose hash is not that of their state. */
  readonly stale: Set<string>;
}

export function newDigest(): Digest {
  return { buckets: Array.from({ length: bucketCount }, () => noHash), hashes: new Map(), stale: new Set() };
}

/** Brings the tree up to date with the documents that changed. */
export function refresh(digest: Digest, documents: ReadonlyMap<string, Hashed>): void {
  for (const name of digest.stale) {
    const document = documents.get(name);
    const before = digest.hashes.get(name) ?? noHash;
    const now = isEmpty(document) ? noHash : hashOf(encodeState(document.kind, document.state), name);
    const at = bucketOf(name);
    digest.buckets[at] = xor(xor(digest.buckets[at] ?? noHash, before), now);
    if (isEmpty(document)) digest.hashes.delete(name);
    else digest.hashes.set(name, now);
  }
  digest.stale.clear();
}

/** A document that saw nothing is the same as none, wherever it may have been made. */
function isEmpty(document: Hashed | undefined): document is undefined {
  return document === undefined || document.state.context.size === 0;
}

/** The root over buckets. */
export function rootOf(buckets: readonly Hash[]): Hash {
  const words = new Uint8Array(8 * buckets.length);
  const view = new DataView(words.buffer);
  for (const [at, { high, low }] of buckets.entries()) {
    view.setInt32(8 * at, high);
    view.setInt32(8 * at + 4, low);
  }
  return hashOf(words, 'root');
}

/** Documents in buckets that differ from those of another replica, in order. */
export function differing(digest: Digest, theirs: readonly Hash[]): readonly string[] {
  const names: string[] = [];
  for (const name of digest.hashes.keys()) {
    const at = bucketOf(name);
    if (!sameHash(digest.buckets[at] ?? noHash, theirs[at] ?? noHash)) names.push(name);
  }
  return names.toSorted(compareText);
}

export function sameHash(one: Hash, other: Hash): boolean {
  return one.high === other.high && one.low === other.low;
}

/** The hash of bytes under a name. */
export function hashOf(bytes: Uint8Array, name: string): Hash {
  const seed = textHash(name);
  return { high: murmur(bytes, seed ^ 0x9747b28c), low: murmur(bytes, seed) };
}

function bucketOf(name: string): number {
  return (textHash(name) >>> 0) % bucketCount;
}

function xor(one: Hash, other: Hash): Hash {
  return { high: one.high ^ other.high, low: one.low ^ other.low };
}

/** FNV-1a over code units, and the finalizer of MurmurHash3, since FNV alone leaves its low bits alike. */
function textHash(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return finalize(hash ^ text.length);
}

/** MurmurHash3_x86_32. */
function murmur(bytes: Uint8Array, seed: number): number {
  let hash = seed | 0;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    const block =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | (bytes[at] as number);
  if (whole < bytes.length) hash ^= scramble(tail);
  return finalize(hash ^ bytes.length);
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function finalize(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
