/**
 * Restart intensity and back-off of the supervisors of one node: their defaults, and delays with jitter. How restarts
 * are counted is the same for replicated supervisors, so it is with the protocol of those.
 */
import { doubledMs, type RestartIntensity } from '#protocols/supervisor/intensity';
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../clock/random.js';

export { addRestart, type RestartIntensity } from '#protocols/supervisor/intensity';

/** The default intensity. */
export const DEFAULT_INTENSITY: RestartIntensity = { maxRestarts: 3, withinMs: 5_000 };

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
  const wholeMs = doubledMs(restarts, firstMs, maxMs);
  switch (jitter) {
    case 'none':
      return wholeMs;
    case 'full':
      return random.next() * wholeMs;
    case 'decorrelated': {
      const upToMs = 3 * (restarts <= 1 ? firstMs : (beforeMs ?? firstMs));
      return Math.min(maxMs, firstMs + random.next() * Math.max(0, upToMs - firstMs));
    }
    default:
      return unreachable(jitter);
  }
}
