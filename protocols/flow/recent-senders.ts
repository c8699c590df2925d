/**
 * How many senders an actor has had lately. Each of them may have a window under way, so a window is the smaller the
 * more of them there are. Lately is counted in demands, those of all actors of an executor: no clock is needed, and what
 * is kept has a bound.
 */

/** Demands of one generation; who asked in this one or in the one before, asked lately. */
export const GENERATION = 1_024;

export class RecentSenders {
  /** Senders by receiver. */
  #latest = new Map<string, Set<string>>();
  #before = new Map<string, Set<string>>();
  #demands = 0;

  /** Notes a demand, and gives how many senders its receiver has had lately, this one included. */
  note(receiver: string, sender: string): number {
    if (this.#demands === GENERATION) {
      this.#before = this.#latest;
      this.#latest = new Map();
      this.#demands = 0;
    }
    this.#demands += 1;
    let senders = this.#latest.get(receiver);
    if (senders === undefined) this.#latest.set(receiver, (senders = new Set()));
    senders.add(sender);
    const before = this.#before.get(receiver);
    before?.delete(sender);
    return senders.size + (before?.size ?? 0);
  }
}
