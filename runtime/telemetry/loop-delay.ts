/**
 * How late the event loop of this thread is: the time that an event waits because something else holds the loop. Node
 * measures it with a timer of its own, which keeps no process alive.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LatencySummary } from './histogram.js';

/** Milliseconds between two samples; each wakes the thread, so idle threads should have few. */
const SAMPLE_MS = 50;
const NS_PER_MS = 1_000_000;

/** A window is closed by the first look after this time, so that a spike shows for a while and not for ever. */
const WINDOW_MS = 10_000;

/** The delay of one thread's event loop in the present window. */
export interface LoopDelay {
  summary(): LatencySummary;
  close(): void;
}

/** Begins to measure on this thread. */
export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  histogram.enable();
  let windowSinceMs = performance.now();
  // What is sampled is the time between two samples, their distance included.
  const late = (ns: number): number => Math.max(0, ns / NS_PER_MS - SAMPLE_MS);
  return {
    summary: () => {
      const summary = {
        p50: late(histogram.percentile(50)),
        p99: late(histogram.percentile(99)),
        max: late(histogram.max),
        count: histogram.count,
      };
      if (performance.now() - windowSinceMs >= WINDOW_MS) {
        histogram.reset();
        windowSinceMs = performance.now();
      }
      return summary;
    },
    close: () => void histogram.disable(),
  };
}
