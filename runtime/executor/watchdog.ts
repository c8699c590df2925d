/**
 * The watchdog: finds threads that are stuck by their heartbeats in shared memory. It looks from the main thread, since
 * only there can a thread be ended; so it has to know when it was itself not awake, or it would take its own pause for
 * everyone's.
 *
 * It counts looks, not time. A look at a beat that has not moved counts for one period, however long ago the look before
 * was. A look that comes late after one that was in time counts for nothing: the process was stopped, or the main thread
 * was busy, and the others may have had no more time than it. Where one late look follows another the main thread is busy
 * for good; each of those counts for one period again, so that a stall is found then too, only later. Nobody is ended on
 * less than `stallMs` that the watchdog was awake for.
 */
import type { Clock, Timer } from '../clock/clock.js';

/** Looks in the time after which a thread counts as stuck. */
const LOOKS = 8;
/** A look this many periods after the one before is late. */
const LATE_PERIODS = 2;

/** A thread that is watched. */
export interface Watched {
  /** Changes with each pass of its event loop; 0 before the first. */
  readonly beats: () => number;
  /** The thread was stuck for `stuckMs` and counts as stalled; it is watched no more. */
  readonly onStalled: (stuckMs: number) => void;
}

interface Sight {
  readonly watched: Watched;
  beats: number;
  stuckLooks: number;
}

/** Milliseconds between two looks, and at most between two beats of a thread that has nothing to do. */
export function lookPeriodMs(stallMs: number): number {
  return stallMs / LOOKS;
}

/** Watches the threads of a node. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #sights = new Map<number, Sight>();
  #timer: Timer | undefined;
  #lookedMs: number;
  #wasLate = false;

  /** Threads that are stuck for `stallMs`, which is above 0, count as stalled. */
  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#periodMs = lookPeriodMs(stallMs);
    this.#lookedMs = clock.now();
    this.#arm();
  }

  watch(id: number, watched: Watched): void {
    this.#sights.set(id, { watched, beats: watched.beats(), stuckLooks: 0 });
  }

  unwatch(id: number): void {
    this.#sights.delete(id);
  }

  close(): void {
    this.#timer?.cancel();
    this.#sights.clear();
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#periodMs, () => {
      this.#arm();
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#clock.now();
    const late = nowMs - this.#lookedMs > LATE_PERIODS * this.#periodMs;
    const counts = !late || this.#wasLate;
    this.#lookedMs = nowMs;
    this.#wasLate = late;
    for (const [id, sight] of this.#sights) {
      const beats = sight.watched.beats();
      if (beats !== sight.beats || beats === 0) {
        sight.beats = beats;
        sight.stuckLooks = 0;
      } else if (counts) {
        sight.stuckLooks += 1;
        if (sight.stuckLooks >= LOOKS) this.#stalled(id, sight);
      }
    }
  }

  #stalled(id: number, { watched, stuckLooks }: Sight): void {
    this.#sights.delete(id);
    watched.onStalled(stuckLooks * this.#periodMs);
  }
}
