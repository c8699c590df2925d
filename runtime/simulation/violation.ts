/** A promise that a simulated run broke. */

/** An invariant does not hold. Thrown by checks of a model; the run ends there. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Name of the invariant, as the literature has it. */
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}
