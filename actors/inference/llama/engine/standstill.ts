/**
 * Moments in which no sequence computes. node-llama-cpp holds its lock on a context for as long as any step is queued, so
 * whoever wants to cut, save or restore a sequence would wait until all answers under way are complete. Here steps ask
 * before they are queued: while somebody holds a standstill none is, the one under way ends, and the lock is free.
 */
export class Standstill {
  #held = 0;
  readonly #waiting: (() => void)[] = [];

  /** Asked before each step; undefined when it may be queued at once, so that the hot path has no promise. */
  pass(): Promise<void> | undefined {
    return this.#held === 0 ? undefined : new Promise((go) => this.#waiting.push(go));
  }

  /** Does work on the context behind the step under way, before any other. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work();
    } finally {
      this.#held -= 1;
      if (this.#held === 0) for (const go of this.#waiting.splice(0)) go();
    }
  }
}
