/**
 * A queue with levels: the highest level that has something goes first, FIFO within a level. Most queues only ever see
 * the normal level, which is the queue itself and costs them one test; the other levels are made when one is used and go
 * when it is empty.
 */
import { Queue } from './queue.js';

/** FIFO by level; 0 is the normal one. */
export class PriorityQueue<T> extends Queue<T> {
  /** The other levels that hold something, highest first. */
  #levels: { readonly priority: number; readonly queue: Queue<T> }[] | undefined;
  #elsewhere = 0;

  override get size(): number {
    return this.count + this.#elsewhere;
  }

  override push(item: T, priority = 0): void {
    if (priority === 0) super.push(item);
    else this.#pushAt(item, priority);
  }

  override shift(): T | undefined {
    if (this.#levels === undefined) return super.shift();
    const [first] = this.#levels;
    if (first === undefined || (first.priority < 0 && this.count > 0)) return super.shift();
    return this.#shiftAt(0);
  }

  /** Takes the oldest item of the lowest level: the one that can best be spared. */
  shiftLowest(): T | undefined {
    const last = this.#levels?.at(-1);
    if (last === undefined || (last.priority > 0 && this.count > 0)) return super.shift();
    return this.#shiftAt((this.#levels?.length ?? 0) - 1);
  }

  /** What waits, in the order in which it would be taken, left in place. */
  override *[Symbol.iterator](): IterableIterator<T> {
    const levels = this.#levels ?? [];
    for (const { priority, queue } of levels) if (priority > 0) yield* queue;
    yield* super[Symbol.iterator]();
    for (const { priority, queue } of levels) if (priority < 0) yield* queue;
  }

  /** Takes everything, in that order. */
  override drain(): T[] {
    const all = [...this];
    super.release();
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
