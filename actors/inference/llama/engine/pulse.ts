/**
 * Whether native code makes steps. The event loop of a child can be well while the threads below it hang for ever, so
 * each native step is opened and closed here, and a sign of life tells how long open ones have gone without one closing.
 */

/** Native steps under way. */
export class Pulse {
  #open = 0;
  #lastMs = 0;

  /** Runs one native step. */
  async beat<T>(step: () => Promise<T>): Promise<T> {
    if (this.#open === 0) this.#lastMs = performance.now();
    this.#open += 1;
    try {
      return await step();
    } finally {
      this.#open -= 1;
      this.#lastMs = performance.now();
    }
  }

  /** Milliseconds since a step ended, while others are under way; 0 at rest. */
  get stalledMs(): number {
    return this.#open === 0 ? 0 : performance.now() - this.#lastMs;
  }
}
