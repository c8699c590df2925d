/**
 * A growable ring of items, the structure under mailboxes, run queues and outboxes.
 *
 *     items:  [ . . c d e . . . ]      head = 2, size = 3, capacity a power of two
 *                   ^head
 *
 * `Array.prototype.shift` is linear beyond a few thousand items in V8; the ring is constant and keeps its memory
 * until it is drained.
 */
export class Queue<T> {
  #items: (T | undefined)[] = new Array<T | undefined>(8);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = item;
    this.#size += 1;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#size -= 1;
    return item;
  }

  /** What waits, oldest first, left in place. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#size; i += 1) yield this.#items[(this.#head + i) & (this.#items.length - 1)] as T;
  }

  /** Takes everything, oldest first. */
  drain(): T[] {
    const all = [...this];
    this.#items = new Array<T | undefined>(8);
    this.#head = 0;
    this.#size = 0;
    return all;
  }

  #grow(): void {
    const old = this.#items;
    const next = new Array<T | undefined>(old.length * 2);
    for (let i = 0; i < this.#size; i += 1) next[i] = old[(this.#head + i) & (old.length - 1)];
    this.#items = next;
    this.#head = 0;
  }
}
