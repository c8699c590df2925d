/**
 * A clock that stands still until a test advances it. Timers fire in order of their due time, then of their creation,
 * so a run is the same each time.
 */
import type { Clock, Timer } from '../clock/clock.js';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** The time of day at which every virtual clock begins: 2026-01-01, 00:00 UTC. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** A {@link Clock} under the control of a test. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return EPOCH_MS + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** Moves time forward by `deltaMs`, firing each timer at its due time, those that fired timers add included. */
  advance(deltaMs: number): void {
    const endMs = this.#nowMs + deltaMs;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#entries.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.#entries.size;
  }

  #next(endMs: number): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.dueMs > endMs) continue;
      if (best === undefined || entry.dueMs < best.dueMs || (entry.dueMs === best.dueMs && entry.order < best.order))
        best = entry;
    }
    return best;
  }
}
