/**
 * A binary heap that knows where each of its items is, so that one in the middle can be taken out or moved when its key
 * has changed: requests are cancelled while they wait, and agents come nearer to their turn.
 *
 *     items:   [ 2 | 5  3 | 9  7  4 ]     the children of item n are items 2n + 1 and 2n + 2
 *     places:  item -> n
 */

/** Items in an order; each is in it once. All operations take O(log n), `first` and `has` O(1). */
export class Heap<T extends object> {
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();
  readonly #before: (a: T, b: T) => boolean;

  /** `before` is a strict order; it is asked anew for an item by {@link moved}. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#places.has(item);
  }

  push(item: T): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes an item out; false when it is not in it. */
  remove(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#settle(last, place);
    return true;
  }

  /** The key of an item has changed. */
  moved(item: T): void {
    const place = this.#places.get(item);
    if (place !== undefined) this.#settle(item, place);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#items;
  }

  #settle(item: T, place: number): void {
    const above = this.#items[(place - 1) >> 1];
    if (place > 0 && above !== undefined && this.#before(item, above)) this.#up(item, place);
    else this.#down(item, place);
  }

  #up(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#items[parent];
      if (above === undefined || !this.#before(item, above)) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(item, place);
  }

  #down(item: T, from: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      let below = this.#items[child];
      const right = this.#items[child + 1];
      if (right !== undefined && below !== undefined && this.#before(right, below)) {
        child += 1;
        below = right;
      }
      if (below === undefined || !this.#before(below, item)) break;
      this.#put(below, place);
      place = child;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
