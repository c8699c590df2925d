/**
 * Time as a port. Everything in the runtime that waits or measures takes a clock, so that tests turn hours into one
 * call of `advance` on the virtual twin (`runtime/testing/virtual-clock.ts`).
 */

import { performance } from 'node:perf_hooks';

/** A timer that can be cancelled. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Monotonic time and timers, and the time of day. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number;
  /** Milliseconds since 1970 by the wall clock, which may jump; for times that must mean the same to a later process. */
  wall(): number;
  /** Calls `callback` once, `delayMs` from now at the earliest. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` once the event loop has come round; absent where time stands still in between. */
  soon?(callback: () => void): void;
}

/** `setTimeout` takes a longer delay for 1 ms, so a longer wait (24.8 days and more) is made of several. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers keep the process alive: a system that has work to do is ended by its shutdown. */
export const systemClock: Clock = {
  // Imported: the global of that name is a getter, which costs a third of what it gives on so hot a path.
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (delayMs, callback) => {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      handle =
        leftMs > LONGEST_TIMEOUT_MS
          ? setTimeout(() => arm(leftMs - LONGEST_TIMEOUT_MS), LONGEST_TIMEOUT_MS)
          : setTimeout(callback, leftMs);
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  soon: (callback) => void setImmediate(callback),
};
