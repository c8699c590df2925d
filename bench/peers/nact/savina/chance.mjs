/** The generator of `bench/programs/savina/chance.ts`. */

export function seedOf(index) {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}

export function nextOf(state) {
  return (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
}

export function below(state, bound) {
  return (state >>> 16) % bound;
}
