/**
 * A queue with levels: the highest level that has something goes first, FIFO within a level. Most queues only ever see
 * the normal level, which costs them one test; the other levels are made when one is used and go when it is empty.
 */
import { Queue } from './queue.js';

/** FIFO by level; 0 is the normal one. */
export class PriorityQueue<T> {
  readonly #normal = new Queue<T>();
  /** The other levels that hold something, highest first. */
  #levels: { readonly priority: number; readonly queue: Queue<T> }[] | undefined;
  #elsewhere = 0;

  get size(): number {
    return this.#normal.size + this.#elsewhere;
  }

  push(item: T, priority = 0): void {
    if (priority === 0) this.#normal.push(item);
    else this.#pushAt(item, priority);
  }

  shift(): T | undefined {
    if (this.#levels === undefined) return this.#normal.shift();
    const [first] = this.#levels;
    if (first === undefined || (first.priority < 0 && this.#normal.size > 0)) return this.#normal.shift();
    return this.#shiftAt(0);
  }

  /** Takes the oldest item of the lowest level: the one that can best be spared. */
  shiftLowest(): T | undefined {
    const last = this.#levels?.at(-1);
    if (last === undefined || (last.priority > 0 && this.#normal.size > 0)) return this.#normal.shift();
    return this.#shiftAt((this.#levels?.length ?? 0) - 1);
  }

  /** What waits, in the order in which it would be taken, left in place. */
  *[Symbol.iterator](): IterableIterator<T> {
    const levels = this.#levels ?? [];
    for (const { priority, queue } of levels) if (priority > 0) yield* queue;
    yield* this.#normal;
    for (const { priority, queue } of levels) if (priority < 0) yield* queue;
  }

  /** Takes everything, in that order. */
  drain(): T[] {
    const all = [...this];
    this.#normal.drain();
    this.#levels = undefined;
    this.#elsewhere = 0;
    return all;
  }

  #pushAt(item: T, priority: number): void {
    const levels = (this.#levels ??= []);
    let level = levels.find((other) => other.priority === priority);
    if (level === undefined) {
      level = { priority, queue: new Queue<T>() };
      levels.push(level);
      levels.sort((a, b) => b.priority - a.priority);
    }
    level.queue.push(item);
    this.#elsewhere += 1;
  }

  #shiftAt(index: number): T | undefined {
    const level = this.#levels?.[index];
    if (level === undefined) return undefined;
    const item = level.queue.shift();
    this.#elsewhere -= 1;
    if (level.queue.size === 0) this.#levels?.splice(index, 1);
    if (this.#levels?.length === 0) this.#levels = undefined;
    return item;
  }
}
