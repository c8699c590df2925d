/**
 * The receiving end: demands that an actor cannot grant yet. A demand that finds room is answered and forgotten, so an
 * actor that keeps up keeps nothing here, and no credit can be lost by a sender that went away with it.
 */

/** One sender's wish for more, as it arrived. */
export interface Demand {
  /** Who asks, in whatever form the caller tells senders apart. */
  readonly key: string;
  readonly epoch: number;
  /** Messages sent before it, absolute in the epoch. */
  readonly sent: number;
}

/** Demands that wait at one actor at most. One that gives way is asked again by its sender, after a silence. */
export const MAX_WITHHELD = 1_024;

/** Demands that wait for room, the latest of each sender, oldest sender first. */
export class WithheldDemands<D extends Demand> {
  readonly #byKey = new Map<string, D>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Keeps a demand; a sender's newer one takes the place of its older. */
  withhold(demand: D): void {
    if (!this.#byKey.has(demand.key) && this.#byKey.size >= MAX_WITHHELD) {
      const [oldest] = this.#byKey.keys();
      if (oldest !== undefined) this.#byKey.delete(oldest);
    }
    this.#byKey.set(demand.key, demand);
  }

  /** Takes all that wait. */
  release(): readonly D[] {
    const all = [...this.#byKey.values()];
    this.#byKey.clear();
    return all;
  }
}
