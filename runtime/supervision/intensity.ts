/**
 * Restart intensity as one pure helper, as OTP's `supervisor:add_restart/1` has it: at most `maxRestarts` restarts in
 * any window of `withinMs`. One restart more is not a cure but a loop, and the supervisor gives up.
 */

/** How many restarts a supervisor allows in which period. */
export interface RestartIntensity {
  /** Default 3. 0 allows none. */
  readonly maxRestarts: number;
  /** Length of the sliding window in milliseconds. Default 5000. */
  readonly withinMs: number;
}

/** The default intensity. */
export const DEFAULT_INTENSITY: RestartIntensity = { maxRestarts: 3, withinMs: 5_000 };

/** The verdict on one more restart, and the history to keep. */
export interface IntensityVerdict {
  readonly allowed: boolean;
  /** Times of the restarts inside the window, this one included, oldest first. */
  readonly history: readonly number[];
}

/** Judges a restart at `nowMs` given the times of the restarts before. */
export function addRestart(history: readonly number[], nowMs: number, intensity: RestartIntensity): IntensityVerdict {
  const recent = history.filter((time) => nowMs - time < intensity.withinMs);
  recent.push(nowMs);
  return { allowed: recent.length <= intensity.maxRestarts, history: recent };
}

/** Delay before a restart. */
export interface Backoff {
  /** Delay before the first restart in milliseconds. Default 10. */
  readonly firstMs: number;
  /** The delay doubles with each restart in the window up to this. Default 1000. */
  readonly maxMs: number;
}

/** The default back-off. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 10, maxMs: 1_000 };

/** Milliseconds to wait before the `restarts`-th restart in the window: `first * 2^(n-1)`, at most `max`. */
export function backoffMs(restarts: number, backoff: Backoff): number {
  return Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.max(0, restarts - 1));
}
