/**
 * Restart intensity as one pure helper, as OTP's `supervisor:add_restart/1` has it: at most `maxRestarts` restarts in
 * any window of `withinMs`. One restart more is not a cure but a loop, and the supervisor gives up.
 */
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../clock/random.js';

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
  /**
   * Spreads what would restart at one instant, after M. Brooker, "Exponential Backoff and Jitter" (AWS, 2015). `full`: a
   * delay between 0 and the doubled one. `decorrelated`: between `firstMs` and three times the child's delay before.
   * Default `none`.
   */
  readonly jitter?: 'none' | 'full' | 'decorrelated';
}

/** The default back-off. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 10, maxMs: 1_000 };

const middle: Random = { next: () => 0.5 };

/**
 * Milliseconds to wait before the `restarts`-th restart in the window: `first * 2^(n-1)`, at most `max`, and what the
 * jitter makes of it. `beforeMs` is the delay before, for a decorrelated one.
 */
export function backoffMs(restarts: number, backoff: Backoff, random: Random = middle, beforeMs?: number): number {
  const { firstMs, maxMs, jitter = 'none' } = backoff;
  // The exponent stays where powers are finite: zero times infinity is no number.
  const doubledMs = Math.min(maxMs, firstMs * 2 ** Math.min(1_023, Math.max(0, restarts - 1)));
  switch (jitter) {
    case 'none':
      return doubledMs;
    case 'full':
      return random.next() * doubledMs;
    case 'decorrelated': {
      const upToMs = 3 * (restarts <= 1 ? firstMs : (beforeMs ?? firstMs));
      return Math.min(maxMs, firstMs + random.next() * Math.max(0, upToMs - firstMs));
    }
    default:
      return unreachable(jitter);
  }
}
