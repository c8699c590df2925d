/**
 * Restart intensity as one pure helper, as OTP's `supervisor:add_restart/1` has it: at most `maxRestarts` restarts in
 * any window of `withinMs`. One restart more is not a cure but a loop, and the supervisor gives up. Supervisors of one
 * node and replicated ones count alike; only the clock differs: that of the node, or the time that the log carries.
 */

/** How many restarts a supervisor allows in which period. */
export interface RestartIntensity {
  /** Default 3. 0 allows none. */
  readonly maxRestarts: number;
  /** Length of the sliding window in milliseconds. Default 5000. */
  readonly withinMs: number;
}

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

/** The delay before the `restarts`-th restart in the window: `first * 2^(n-1)`, at most `max`, in milliseconds. */
export function doubledMs(restarts: number, firstMs: number, maxMs: number): number {
  // The exponent stays where powers are finite: zero times infinity is no number.
  return Math.min(maxMs, firstMs * 2 ** Math.min(1_023, Math.max(0, restarts - 1)));
}
