/**
 * The versions of one key: a vector clock over everything that was ever written to it as far as this copy knows, and the
 * siblings, those values that nobody has superseded yet, each with its dot. This is the dotted version vector set of
 * Almeida, Baquero, Gonçalves, Preguiça and Fonte, "Scalable and accurate causality tracking for eventually consistent
 * stores" (DAIS 2014).
 *
 *     clock { a: 7, b: 3 }   siblings  a.7 "x"   b.3 "y"       dots that the clock covers and no sibling has: superseded
 *     clock { a: 7, b: 4 }   siblings                          a tombstone: everything that was written is deleted
 *
 * Dynamo keeps one vector clock a value, counted by the coordinating node. Two clients that write through one
 * coordinator with the same context then get clocks of which one covers the other, and a write is lost without a word;
 * the dot is what keeps the two apart. Dynamo also cuts clocks at ten entries, which makes siblings of what was
 * superseded; here nothing is cut, and a clock has an entry for each disk that ever coordinated a write of the key.
 */
import { addDigest, Digest } from '../hash.js';
import { type Clock, compareDots, covers, type Dot, includesClock, joinClocks } from './clock.js';

/** A value that nobody has superseded. */
export interface Sibling {
  readonly dot: Dot;
  readonly value: Uint8Array;
}

/** What one copy of a key knows. */
export interface Versions {
  readonly clock: Clock;
  /** Sorted by dot; the clock covers each. */
  readonly siblings: readonly Sibling[];
}

/** A key that nobody has written. */
export const nothing: Versions = { clock: [], siblings: [] };

/** Deleted, as far as this copy knows. */
export function isTombstone({ clock, siblings }: Versions): boolean {
  return siblings.length === 0 && clock.length > 0;
}

/**
 * The versions after a write by a client that has seen `context`: what the context covers is superseded, everything
 * else stays beside the new value. Without a value it is a deletion, of what the context covers and of nothing else.
 */
export function writeVersion(local: Versions, context: Clock, dot: Dot, value: Uint8Array | undefined): Versions {
  const kept = local.siblings.filter((sibling) => !covers(context, sibling.dot));
  const siblings = value === undefined ? kept : [...kept, { dot, value }].sort(bySiblingDot);
  return { clock: joinClocks(joinClocks(local.clock, context), [dot]), siblings };
}

/** What both know: a value stays that both have, or that the other has never heard of. `one` itself when it is all. */
export function mergeVersions(one: Versions, other: Versions): Versions {
  if (one === other) return one;
  const clock = joinClocks(one.clock, other.clock);
  const kept = one.siblings.filter(({ dot }) => !covers(other.clock, dot) || hasDot(other, dot));
  const gained = other.siblings.filter(({ dot }) => !covers(one.clock, dot));
  if (clock === one.clock && gained.length === 0 && kept.length === one.siblings.length) return one;
  return { clock, siblings: gained.length === 0 ? kept : [...kept, ...gained].sort(bySiblingDot) };
}

/** True when merging `other` would change nothing. */
export function includesVersions(one: Versions, other: Versions): boolean {
  return includesClock(one.clock, other.clock) && mergeVersions(one, other) === one;
}

/** 52 bits over key, clock, dots and values. */
export function digestVersions(key: string, { clock, siblings }: Versions): number {
  const digest = new Digest().text(key).number(clock.length);
  for (const [actor, counter] of clock) digest.text(actor).number(counter);
  for (const { dot, value } of siblings) digest.text(dot[0]).number(dot[1]).bytes(value);
  // 0 is the sum of no records, so no record has it.
  return digest.value === 0 ? addDigest(0, 1) : digest.value;
}

function hasDot({ siblings }: Versions, dot: Dot): boolean {
  return siblings.some((sibling) => compareDots(sibling.dot, dot) === 0);
}

function bySiblingDot(one: Sibling, other: Sibling): number {
  return compareDots(one.dot, other.dot);
}
