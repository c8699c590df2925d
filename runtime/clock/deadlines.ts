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
    if (length.first === undefined) {
      length.timer?.cancel();
      length.timer = undefined;
    }
  }
}

/** So many lists are kept though they may be empty. */
const LENGTHS_KEPT = 1_024;

/** Deadlines on a clock. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lengths = new Map<number, Length>();
  #sweepAt = LENGTHS_KEPT;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once, `delayMs` (taken up to whole milliseconds) from now at the earliest. */
  after(delayMs: number, callback: () => void): Timer {
    const lengthMs = Math.ceil(delayMs);
    let length = this.#lengths.get(lengthMs);
    if (length === undefined) {
      if (this.#lengths.size >= this.#sweepAt) this.#sweep();
      length = { lengthMs, first: undefined, last: undefined, timer: undefined };
      this.#lengths.set(lengthMs, length);
    }
    const deadline = new Deadline(this.#clock.now() + lengthMs, callback, length);
    if (length.timer === undefined) this.#arm(length, lengthMs);
    return deadline;
  }

  /** Inner calls have what is left of their outer one, so their lengths are many and most are used once. */
  #sweep(): void {
    for (const { first, lengthMs } of this.#lengths.values()) if (first === undefined) this.#lengths.delete(lengthMs);
    this.#sweepAt = Math.max(LENGTHS_KEPT, 2 * this.#lengths.size);
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
      if (length.timer === undefined && length.first !== undefined) this.#arm(length, length.first.dueMs - nowMs);
    });
  }
}
