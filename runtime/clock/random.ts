/**
 * Chance as a port. What the runtime leaves to chance (the jitter of a back-off) comes from a seeded source of its
 * executor, so that a run under a virtual clock is the same each time its seed is.
 */

/** A source of chance. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
}

/** A seeded source: Mulberry32 by Tommy Ettinger, 32 bits of state. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** A seed of 32 bits made of a text (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
