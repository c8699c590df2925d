/**
 * The watchdog: finds threads that are stuck by their heartbeats in shared memory. It looks from the main thread, since
 * only there can a thread be ended; so it has to know when it was itself not awake, or it would take its own pause for
 * everyone's.
 *
 * It counts looks, not time. A look at a beat that has not moved counts for one period, however long ago the look before
 * was, less the time for which the thread wanted a core and got none. A look that comes late after one that was in time
 * counts for nothing: the process was stopped, or the main thread was busy, and the others may have had no more time than
 * it. Where one late look follows another the main thread is busy for good; each of those counts for one period again, so
 * that a stall is found then too, only later. Nobody is ended on less than `stallMs` that the watchdog was awake for.
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
  /** Milliseconds for which it was ready to run and had no core, since it began. */
  readonly cpuWaitMs: () => number;
  /** The thread was stuck for `stuckMs` and counts as stalled; it is watched no more. */
  readonly onStalled: (stuckMs: number) => void;
}

interface Sight {
  readonly watched: Watched;
  beats: number;
  cpuWaitMs: number;
  /** What counts of the time since its last beat. */
  stuckMs: number;
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
    this.#sights.set(id, { watched, beats: watched.beats(), cpuWaitMs: watched.cpuWaitMs(), stuckMs: 0 });
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
      const stuckMs = this.#judge(sight, counts);
      if (stuckMs < LOOKS * this.#periodMs) continue;
      this.#sights.delete(id);
      sight.watched.onStalled(stuckMs);
    }
  }

  /** For how long a thread is stuck, as far as it counts. */
  #judge(sight: Sight, counts: boolean): number {
    const beats = sight.watched.beats();
    const cpuWaitMs = sight.watched.cpuWaitMs();
    const ownMs = Math.max(0, this.#periodMs - (cpuWaitMs - sight.cpuWaitMs));
    if (beats !== sight.beats || beats === 0) sight.stuckMs = 0;
    else if (counts) sight.stuckMs += ownMs;
    sight.beats = beats;
    sight.cpuWaitMs = cpuWaitMs;
    return sight.stuckMs;
  }
}
