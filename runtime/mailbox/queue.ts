/**
 * A growable ring of items, the structure under mailboxes, run queues and outboxes.
 *
 *     items:  [ . . c d e . . . ]      head = 2, size = 3, capacity a power of two
 *                   ^head
 *
 * `Array.prototype.shift` is linear beyond a few thousand items in V8; the ring is constant. Most queues of a node are
 * empty most of the time: one that was never used has no ring, and one that had grown gives its ring back once empty.
 */
const NO_ITEMS: readonly never[] = [];
const FIRST_CAPACITY = 8;
/** A ring of this many items or fewer is kept when it is empty: making it anew for each message would cost more. */
const LARGEST_KEPT = 64;

/** A FIFO queue. */
export class Queue<T> {
  #items: (T | undefined)[] = NO_ITEMS as unknown as (T | undefined)[];
  #head = 0;
  /** Items in the ring. */
  protected count = 0;

  get size(): number {
    return this.count;
  }

  push(item: T): void {
    if (this.count === this.#items.length) this.#grow();
    this.#items[(this.#head + this.count) & (this.#items.length - 1)] = item;
    this.count += 1;
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.count -= 1;
    if (this.count === 0 && this.#items.length > LARGEST_KEPT) this.release();
    return item;
  }

  /** What waits, oldest first, left in place. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.count; i += 1) yield this.#items[(this.#head + i) & (this.#items.length - 1)] as T;
  }

  /** Takes everything, oldest first. */
  drain(): T[] {
    const all = [...this];
    this.release();
    return all;
  }

  /** Gives the ring back, and what is in it up. */
  protected release(): void {
    this.#items = NO_ITEMS as unknown as (T | undefined)[];
    this.#head = 0;
    this.count = 0;
  }

  #grow(): void {
    const old = this.#items;
    const next = new Array<T | undefined>(Math.max(FIRST_CAPACITY, old.length * 2));
    for (let i = 0; i < this.count; i += 1) next[i] = old[(this.#head + i) & (old.length - 1)];
    this.#items = next;
    this.#head = 0;
  }
}
