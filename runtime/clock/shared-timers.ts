/**
 * Timers that fire together when they are due in the same millisecond. When a thread dies, ten thousand restarts wait for
 * the same back-off; fired one by one each would be followed by a flush, and its signal would leave in a frame of its own.
 */
import type { Clock, Timer } from './clock.js';

interface Batch {
  readonly dueMs: number;
  readonly callbacks: Set<() => void>;
  timer: Timer | undefined;
}

export class SharedTimers {
  readonly #clock: Clock;
  #latest: Batch | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once, at the next whole millisecond after `delayMs`. */
  after(delayMs: number, callback: () => void): Timer {
    const nowMs = this.#clock.now();
    const dueMs = Math.ceil(nowMs + Math.max(0, delayMs));
    const batch = this.#latest?.dueMs === dueMs ? this.#latest : this.#open(dueMs, nowMs);
    // Two waits may share one function; each is an entry of its own.
    const entry = (): void => callback();
    batch.callbacks.add(entry);
    return {
      cancel: () => {
        if (batch.callbacks.delete(entry) && batch.callbacks.size === 0) this.#close(batch);
      },
    };
  }

  #open(dueMs: number, nowMs: number): Batch {
    const batch: Batch = { dueMs, callbacks: new Set(), timer: undefined };
    batch.timer = this.#clock.after(dueMs - nowMs, () => {
      this.#close(batch);
      for (const callback of batch.callbacks) {
        batch.callbacks.delete(callback);
        callback();
      }
    });
    this.#latest = batch;
    return batch;
  }

  #close(batch: Batch): void {
    batch.timer?.cancel();
    if (this.#latest === batch) this.#latest = undefined;
  }
}
