/**
 * Many deadlines, few timers. Every call has a deadline and almost none is reached, so what counts is setting one and
 * taking it back. Deadlines of one length expire in the order in which they were set: each length is a list, with one
 * timer of the clock for its head (the scheme of Varghese and Lauck 1987, section 5, and of Node's own timers).
 *
 *     5000 ms:  due 17.2 -> due 17.9 -> due 21.0        one timer, at 17.2
 *      250 ms:  due 13.1                                 one timer, at 13.1
 */
import type { Clock, Timer } from './clock.js';

interface Length {
  readonly lengthMs: number;
  first: Deadline | undefined;
  last: Deadline | undefined;
  timer: Timer | undefined;
}

/** One deadline; cancelling it takes constant time. */
class Deadline implements Timer {
  readonly dueMs: number;
  readonly callback: () => void;
  length: Length | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;

  constructor(dueMs: number, callback: () => void, length: Length) {
    this.dueMs = dueMs;
    this.callback = callback;
    this.length = length;
    this.before = length.last;
    if (length.last === undefined) length.first = this;
    else length.last.after = this;
    length.last = this;
  }

  cancel(): void {
    const { length, before, after } = this;
    if (length === undefined) return;
    this.length = undefined;
    if (before === undefined) length.first = after;
    else before.after = after;
    if (after === undefined) length.last = before;
    else after.before = before;
    // Who still holds this one must not hold its neighbours with it.
    this.before = undefined;
    this.after = undefined;
  }
}

/** Deadlines on a clock. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lengths = new Map<number, Length>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once, `delayMs` (taken up to whole milliseconds) from now at the earliest. */
  after(delayMs: number, callback: () => void): Timer {
    const lengthMs = Math.ceil(delayMs);
    let length = this.#lengths.get(lengthMs);
    if (length === undefined) {
      length = { lengthMs, first: undefined, last: undefined, timer: undefined };
      this.#lengths.set(lengthMs, length);
    }
    const deadline = new Deadline(this.#clock.now() + lengthMs, callback, length);
    if (length.timer === undefined) this.#arm(length, lengthMs);
    return deadline;
  }

  /** Takes back all deadlines. The timers of the clock would otherwise keep a process alive that has nothing to do. */
  close(): void {
    for (const { timer } of this.#lengths.values()) timer?.cancel();
    this.#lengths.clear();
  }

  /** Waits for the head of a list. A head that was taken back meanwhile costs one look at the next, not a timer each. */
  #arm(length: Length, delayMs: number): void {
    length.timer = this.#clock.after(delayMs, () => {
      length.timer = undefined;
      const nowMs = this.#clock.now();
      for (let first = length.first; first !== undefined && first.dueMs <= nowMs; first = length.first) {
        first.cancel();
        first.callback();
      }
      // A callback may have set a deadline of this length, and armed it.
      if (length.timer !== undefined) return;
      if (length.first === undefined) this.#lengths.delete(length.lengthMs);
      else this.#arm(length, length.first.dueMs - nowMs);
    });
  }
}
