/** Chance that is the same in every language: a linear congruential generator modulo 2^32 (Knuth; Numerical Recipes). */

/** The first state of the generator of the actor of that index. */
export function seedOf(index: number): number {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}

/** The state after this one. */
export function nextOf(state: number): number {
  return (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
}

/** A number from 0 up to `bound`, at most 2^16, of the higher half of the state: the lower bits have short periods. */
export function below(state: number, bound: number): number {
  return (state >>> 16) % bound;
}
