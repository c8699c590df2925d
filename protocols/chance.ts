/**
 * Chance for protocol cores: the state of the generator is a number that lives in the state of the core, so that a run
 * is a fold over its inputs. (splitmix32, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014.)
 */

/** The state after the next draw. @see chanceOf */
export function nextChance(state: number): number {
  return (state + 0x9e3779b9) | 0;
}

/** The draw that belongs to a state: a whole number from 0 to `limit - 1`, each as likely as the others. */
export function chanceOf(state: number, limit: number): number {
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * limit);
}
