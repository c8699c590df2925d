/**
 * Many deadlines, few timers. Every call has a deadline and almost none is reached, so what counts is setting one and
 * taking it back. Deadlines of one length expire in the order in which they were set: each length is a list, with one
 * timer of the clock for its head (the scheme of Varghese and Lauck 1987, section 5, and of Node's own timers).
 *
 *     5000 ms:  due 17.2 -> due 17.9 -> due 21.0        one timer, at 17.2
 *      250 ms:  due 13.1                                 one timer, at 13.1
 *
 * Whoever makes one call after another empties a list and fills it again each time. Where the clock can say that the
 * event loop has come round, the timer of an empty list is kept until then, because it is most likely wanted again.
 */
import type { Clock, Timer } from './clock.js';

/** The deadlines of one length. */
export interface Length {
  readonly lengthMs: number;
  first: Deadline | undefined;
  last: Deadline | undefined;
  timer: Timer | undefined;
  /** Whether it is among those that became empty in this pass of the event loop. */
  emptied: boolean;
  readonly owner: Deadlines;
}

/** What has a deadline: a link of its list itself, so that it needs no object beside itself. */
export interface Deadline {
  dueMs: number;
  /** The list that it is in; the links are for {@link Deadlines}. */
  length: Length | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;
  /** The deadline has come; called once. */
  reached(): void;
}

/** Takes a deadline back, in constant time; does nothing when it is not set, or was reached. */
export function unset(deadline: Deadline): void {
  const { length, before, after } = deadline;
  if (length === undefined) return;
  deadline.length = undefined;
  if (before === undefined) length.first = after;
  else before.after = after;
  if (after === undefined) length.last = before;
  else after.before = before;
  // Who still holds this one must not hold its neighbours with it.
  deadline.before = undefined;
  deadline.after = undefined;
  if (length.first === undefined) length.owner.emptied(length);
}

/** A deadline that calls a function. */
class Callback implements Deadline, Timer {
  dueMs = 0;
  length: Length | undefined = undefined;
  before: Deadline | undefined = undefined;
  after: Deadline | undefined = undefined;
  readonly reached: () => void;

  constructor(callback: () => void) {
    this.reached = callback;
  }

  cancel(): void {
    unset(this);
  }
}

/** So many lists are kept though they may be empty. */
const LENGTHS_KEPT = 1_024;

/** Deadlines on a clock. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lengths = new Map<number, Length>();
  /** The one that was used last: most deadlines are of one length. */
  #latest: Length | undefined;
  #sweepAt = LENGTHS_KEPT;
  /** Lists that became empty in this pass of the event loop, and have a timer still. */
  #emptied: Length[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once, `delayMs` (taken up to whole milliseconds) from now at the earliest. */
  after(delayMs: number, callback: () => void): Timer {
    const deadline = new Callback(callback);
    this.set(deadline, delayMs, this.#clock.now());
    return deadline;
  }

  /** Sets a deadline `delayMs` (taken up to whole milliseconds) after `nowMs`, the present time of the clock. */
  set(deadline: Deadline, delayMs: number, nowMs: number): void {
    const lengthMs = Math.ceil(delayMs);
    const length = this.#latest?.lengthMs === lengthMs ? this.#latest : this.#lengthOf(lengthMs);
    this.#latest = length;
    const { last } = length;
    deadline.dueMs = nowMs + lengthMs;
    deadline.length = length;
    deadline.before = last;
    if (last === undefined) length.first = deadline;
    else last.after = deadline;
    length.last = deadline;
    if (length.timer === undefined) this.#arm(length, lengthMs);
  }

  /** A list has nothing left. For {@link unset}. */
  emptied(length: Length): void {
    if (length.timer === undefined) return;
    if (this.#clock.soon === undefined) {
      length.timer.cancel();
      length.timer = undefined;
      return;
    }
    if (length.emptied) return;
    length.emptied = true;
    if (this.#emptied.push(length) === 1) this.#clock.soon(() => this.#disarmEmptied());
  }

  #disarmEmptied(): void {
    const emptied = this.#emptied;
    this.#emptied = [];
    for (const length of emptied) {
      length.emptied = false;
      if (length.first !== undefined) continue;
      length.timer?.cancel();
      length.timer = undefined;
    }
  }

  #lengthOf(lengthMs: number): Length {
    let length = this.#lengths.get(lengthMs);
    if (length === undefined) {
      if (this.#lengths.size >= this.#sweepAt) this.#sweep();
      length = { lengthMs, first: undefined, last: undefined, timer: undefined, emptied: false, owner: this };
      this.#lengths.set(lengthMs, length);
    }
    return length;
  }

  /** Inner calls have what is left of their outer one, so their lengths are many and most are used once. */
  #sweep(): void {
    for (const { first, timer, lengthMs } of this.#lengths.values())
      if (first === undefined && timer === undefined) this.#lengths.delete(lengthMs);
    this.#sweepAt = Math.max(LENGTHS_KEPT, 2 * this.#lengths.size);
  }

  /** Waits for the head of a list. A head that was taken back meanwhile costs one look at the next, not a timer each. */
  #arm(length: Length, delayMs: number): void {
    length.timer = this.#clock.after(delayMs, () => {
      length.timer = undefined;
      const reachedMs = this.#clock.now();
      for (let first = length.first; first !== undefined && first.dueMs <= reachedMs; first = length.first) {
        unset(first);
        first.reached();
      }
      // A callback may have set a deadline of this length, and armed it.
      if (length.timer === undefined && length.first !== undefined) this.#arm(length, length.first.dueMs - reachedMs);
    });
  }
}
