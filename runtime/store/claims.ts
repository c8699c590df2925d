/**
 * Epochs that were given and are not yet in a record. A claim needs no flush: it fences activations of this process, and
 * they all end with it. So it waits here for the first write of its key, whose head carries it into the store. What never
 * writes is written out when too many wait, so that actors that are gone leave nothing behind in memory.
 *
 * Epochs must grow over all lives of the store, and most are never written: they are taken from blocks, and the end of
 * the block is written before its first epoch is given.
 */

/** Epochs of one block. */
const BLOCK = 2 ** 20;
/** Claims that wait at most. */
const MAX_CLAIMS = 65_536;

/** The claims of one engine. */
export class Claims {
  /** By key, oldest first. */
  readonly #epochs = new Map<string, number>();
  #next = 0;
  #end = 0;

  get size(): number {
    return this.#epochs.size;
  }

  /** The epoch of a key's newest claim, while it waits. */
  get(key: string): number | undefined {
    return this.#epochs.get(key);
  }

  /** Whether so many claims can be given without a write. */
  hasRoom(claims: number): boolean {
    return this.#next + claims <= this.#end && this.#epochs.size + claims <= MAX_CLAIMS;
  }

  /** Begins blocks for so many claims after the last epoch that may have been given; the result is to be written first. */
  reserve(claims: number, written: number): number {
    if (this.#next === 0) this.#next = written + 1;
    this.#end = Math.max(this.#end, this.#next) + BLOCK + claims;
    return this.#end;
  }

  /** Whether the block has too few epochs left. */
  mustReserve(claims: number): boolean {
    return this.#next + claims > this.#end;
  }

  give(key: string): number {
    const epoch = this.#next++;
    this.#epochs.delete(key);
    this.#epochs.set(key, epoch);
    return epoch;
  }

  /** The claim is in the store, or its key is gone. */
  forget(key: string): void {
    this.#epochs.delete(key);
  }

  /** The keys that have waited longest, half of all, when there are too many. */
  surplus(): readonly string[] {
    return this.#epochs.size <= MAX_CLAIMS ? [] : [...this.#epochs.keys()].slice(0, this.#epochs.size >> 1);
  }
}
