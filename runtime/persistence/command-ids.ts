/**
 * The ids of the commands whose events an actor has stored, so that one that comes again is not carried out again. They
 * lie in the log with their events and in snapshots, so they are exactly as durable as the effect that they stand for.
 * Only the newest are kept: a set in the order of insertion, whose oldest goes first.
 */
export class CommandIds {
  readonly #ids: Set<string>;
  readonly #limit: number;

  /** `ids`, oldest first. */
  constructor(limit: number, ids: readonly string[] = []) {
    this.#limit = limit;
    this.#ids = new Set(limit === 0 ? [] : ids.slice(-limit));
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    if (this.#limit === 0) return;
    this.#ids.add(id);
    if (this.#ids.size <= this.#limit) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  /** Oldest first. */
  list(): readonly string[] {
    return [...this.#ids];
  }
}
