/**
 * What an executor keeps by serial. Serials are given out in order and never again, so the entries lie in pages beside
 * each other: a million of them cost 12 bytes and 50 ns each, where a `Map` takes 30 bytes and, because it is copied as
 * it grows, up to a microsecond. A page is given back when its last entry goes.
 */

/** Entries of a page. A page that one survivor holds wastes this many words at most. */
const PAGE = 32;

class Page<T> {
  readonly items: (T | undefined)[] = new Array<T | undefined>(PAGE).fill(undefined);
  readonly number: number;
  count = 0;

  constructor(number: number) {
    this.number = number;
  }
}

/** What may be done with a table that is another's. */
export interface ReadonlySerialTable<T> {
  readonly size: number;
  get(serial: number): T | undefined;
  has(serial: number): boolean;
  values(): Iterable<T>;
}

/** Entries by serial, in the order of their serials except where an old serial comes back. */
export class SerialTable<T extends object> implements ReadonlySerialTable<T> {
  /** The page that was made last, which most entries go into and, in a small table, all. */
  #newest: Page<T> | undefined;
  /** The others. */
  #pages: Map<number, Page<T>> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(serial: number): T | undefined {
    return this.#page(Math.floor(serial / PAGE))?.items[serial % PAGE];
  }

  has(serial: number): boolean {
    return this.get(serial) !== undefined;
  }

  set(serial: number, item: T): void {
    const number = Math.floor(serial / PAGE);
    const page = this.#page(number) ?? this.#begin(number);
    const at = serial % PAGE;
    if (page.items[at] === undefined) {
      page.count += 1;
      this.#size += 1;
    }
    page.items[at] = item;
  }

  delete(serial: number): boolean {
    const page = this.#page(Math.floor(serial / PAGE));
    const at = serial % PAGE;
    if (page?.items[at] === undefined) return false;
    page.items[at] = undefined;
    page.count -= 1;
    this.#size -= 1;
    // The newest is kept: the next serial is likely to be on it.
    if (page.count === 0 && page !== this.#newest) this.#pages?.delete(page.number);
    return true;
  }

  *values(): Generator<T, void, undefined> {
    for (const [, item] of this.entries()) yield item;
  }

  *entries(): Generator<readonly [serial: number, item: T], void, undefined> {
    for (const page of this.#pages?.values() ?? []) yield* entriesOf(page);
    if (this.#newest !== undefined) yield* entriesOf(this.#newest);
  }

  #page(number: number): Page<T> | undefined {
    return this.#newest?.number === number ? this.#newest : this.#pages?.get(number);
  }

  #begin(number: number): Page<T> {
    const page = new Page<T>(number);
    const before = this.#newest;
    if (before !== undefined && before.count > 0) (this.#pages ??= new Map()).set(before.number, before);
    this.#newest = page;
    return page;
  }
}

function* entriesOf<T>({ number, items }: Page<T>): Generator<readonly [number, T], void, undefined> {
  for (let at = 0; at < PAGE; at += 1) {
    const item = items[at];
    if (item !== undefined) yield [number * PAGE + at, item];
  }
}
