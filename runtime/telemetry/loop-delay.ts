/**
 * How late the event loop of this thread runs, and how busy it is. The delay is sampled by Node itself; a look at it
 * begins a new window once the present one is old, so that a spike shows for a while and not for ever.
 */
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** The event loop of a thread. */
export interface LoopReport {
  /** Delay beyond the due time of a timer, over the last window of 10 s or more, in milliseconds. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** Since the thread began, in milliseconds: at work, and waiting for something to do. */
  readonly activeMs: number;
  readonly idleMs: number;
}

/** Milliseconds between two samples. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 10_000;

/** Watches the loop of the thread that makes it. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #windowSinceMs = performance.now();

  constructor() {
    this.#histogram.enable();
  }

  report(): LoopReport {
    const { active, idle } = performance.eventLoopUtilization();
    const report = {
      delayP99Ms: this.#delayMs(this.#histogram.percentile(99)),
      delayMaxMs: this.#delayMs(this.#histogram.max),
      activeMs: Math.round(active),
      idleMs: Math.round(idle),
    };
    if (performance.now() - this.#windowSinceMs >= WINDOW_MS) {
      this.#histogram.reset();
      this.#windowSinceMs = performance.now();
    }
    return report;
  }

  close(): void {
    this.#histogram.disable();
  }

  /** Node measures from timer to timer; what is beyond the period is the delay. Empty histograms give a huge minimum. */
  #delayMs(nanoseconds: number): number {
    if (this.#histogram.count === 0) return 0;
    return Math.max(0, Math.round((nanoseconds / 1e6 - RESOLUTION_MS) * 10) / 10);
  }
}
