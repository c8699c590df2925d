/**
 * Chance from a seed. The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2018), its state filled by splitmix32; it is small, fast in 32-bit arithmetic and the same everywhere.
 * It is not for secrets.
 */
import { SkepError } from '#protocols/wire/error';

/** The increment of splitmix32: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b9;

/** Numbers that depend on a seed and on nothing else. */
export class Random {
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * `stream` separates generators of one seed, so that drawing more from one leaves the others as they are.
   * @throws SkepError BAD_USAGE unless the seed is a whole number from 0 to 2^53 - 1.
   */
  constructor(seed: number, stream = 0) {
    checkSeed(seed);
    this.seed = seed;
    const next = splitmix32((seed % 2 ** 32) ^ Math.imul(Math.floor(seed / 2 ** 32) + 1, GOLDEN) ^ (stream << 7));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** The next 32 bits, as a whole number from 0 to 2^32 - 1. */
  next(): number {
    const scrambled = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return scrambled >>> 0;
  }

  /** A whole number from 0 to `limit - 1`, each as likely as the others. */
  below(limit: number): number {
    // Lemire's multiplication, without the rejection: the bias is limit / 2^32, far below what a test could see.
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32;
  }

  /** One of the items. @throws SkepError BAD_USAGE when there is none. */
  pick<T>(items: readonly T[]): T {
    const index = this.below(items.length);
    if (index >= items.length) throw new SkepError('BAD_USAGE', 'pick: expected at least one item');
    return items[index] as T;
  }

  /** The items in another order; the list given is left as it is. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }
}

/** @throws SkepError BAD_USAGE unless the seed is a whole number from 0 to 2^53 - 1. */
export function checkSeed(seed: number): void {
  if (Number.isSafeInteger(seed) && seed >= 0) return;
  throw new SkepError('BAD_USAGE', `seed is ${String(seed)}: expected a whole number from 0 to 2^53 - 1`, { seed });
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + GOLDEN) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
