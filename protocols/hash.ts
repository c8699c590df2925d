/**
 * Hashes for protocol cores: MurmurHash3 x86_32 (Austin Appleby, public domain, 2011), which spreads keys evenly and is
 * the same everywhere. It is not for secrets: whoever chooses keys can choose those that meet.
 *
 * Text is hashed as its UTF-16 code units, little endian, so that no copy is made of it.
 */

/** MurmurHash3 x86_32 of bytes: a whole number from 0 to 2^32 - 1. */
export function murmur3(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4)
    hash = mix(
      hash,
      (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24),
    );
  let tail = 0;
  for (let at = length - 1; at >= whole; at -= 1) tail = (tail << 8) | (bytes[at] as number);
  if (whole < length) hash ^= scramble(tail);
  return finish(hash ^ length);
}

/** {@link murmur3} of the UTF-16LE bytes of a text. */
export function hashText(text: string, seed = 0): number {
  const { length } = text;
  const whole = length & ~1;
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 2) hash = mix(hash, text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
  if (whole < length) hash ^= scramble(text.charCodeAt(whole));
  return finish(hash ^ (2 * length));
}

/** Digests are whole numbers from 0 to 2^52 - 1, so that the sum of two of them is exact. */
const MODULUS = 2 ** 52;

/** 52 bits over a sequence of numbers, texts and bytes: two lanes of murmur3 with different seeds. */
export class Digest {
  #low = 0x2f2a9c11;
  #high = 0x7c3b1e5d;
  #length = 0;

  number(value: number): this {
    this.#fold(value | 0);
    this.#fold(Math.floor(value / 2 ** 32) | 0);
    return this;
  }

  text(value: string): this {
    this.#fold(hashText(value, 1));
    this.#fold(hashText(value, 2));
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#fold(murmur3(value, 1));
    this.#fold(murmur3(value, 2));
    return this;
  }

  get value(): number {
    return (finish(this.#high ^ this.#length) & 0xfffff) * 2 ** 32 + finish(this.#low ^ this.#length);
  }

  #fold(block: number): void {
    this.#length += 1;
    this.#low = mix(this.#low, block);
    this.#high = mix(this.#high, block ^ 0x5bd1e995);
  }
}

/** The digest of a set is the sum of those of its members: members come and go in any order (AdHash, Bellare and Micciancio, 1997). */
export function addDigest(sum: number, digest: number): number {
  const next = sum + digest;
  return next >= MODULUS ? next - MODULUS : next;
}

/** Takes a member out again. @see addDigest */
export function subtractDigest(sum: number, digest: number): number {
  return sum >= digest ? sum - digest : sum - digest + MODULUS;
}

function mix(hash: number, block: number): number {
  return (Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
