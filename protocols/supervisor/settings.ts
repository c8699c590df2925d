/**
 * The settings of a replicated supervisor, checked once. They are the same on all nodes of a group: what one node takes
 * for the end of a lease, another relies on.
 */
import { SkepError } from '../wire/error.js';
import type { RestartIntensity } from './intensity.js';

/** Whom a crash of one child restarts, beside itself, as in OTP. */
export type Strategy =
  /** Nobody. */
  | 'one-for-one'
  /** All others. */
  | 'one-for-all'
  /** Those that were added after it. */
  | 'rest-for-one';

/** Times are in milliseconds, of the clock of whoever measures them. */
export interface SupervisorSettings {
  /**
   * A node may run a child for so long after it asked for the lease that it got, by its own monotonic clock. Shorter
   * leases make failover faster and tolerate shorter hangs. Default 3000.
   */
  readonly leaseMs: number;
  /** Time between requests of a node; two of them may be lost before a lease is. Default `leaseMs / 3`. */
  readonly renewMs: number;
  /** A node has ended its children at most so long after their lease. Default 500. */
  readonly stopMs: number;
  /** Monotonic clocks run fast or slow by at most this share, 0 to below 1. Default 0.01. */
  readonly clockDrift: number;
  /** Default `one-for-one`. */
  readonly strategy: Strategy;
  /** More crashes of its children than this, and the supervisor gives up. Default 3 in 5 s. */
  readonly intensity: RestartIntensity;
  /** Delay before the n-th restart within the window of the intensity: `first * 2^(n-1)`, at most `max`. */
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  /** Its parent starts a supervisor that gave up again so long after that. Default 5000. */
  readonly resumeMs: number;
  /** Tasks that one child is at, at most. Default 8. */
  readonly tasksPerChild: number;
}

const defaults = {
  leaseMs: 3_000,
  stopMs: 500,
  clockDrift: 0.01,
  strategy: 'one-for-one',
  intensity: { maxRestarts: 3, withinMs: 5_000 },
  backoff: { firstMs: 10, maxMs: 1_000 },
  resumeMs: 5_000,
  tasksPerChild: 8,
} as const satisfies Omit<SupervisorSettings, 'renewMs'>;

/** @throws SkepError BAD_CONFIG naming the setting. */
export function supervisorSettings(given: Partial<SupervisorSettings> = {}): SupervisorSettings {
  const leaseMs = given.leaseMs ?? defaults.leaseMs;
  const settings: SupervisorSettings = { ...defaults, renewMs: leaseMs / 3, ...given };
  const problem = problemOf(settings);
  if (problem !== undefined) throw new SkepError('BAD_CONFIG', `supervisor: ${problem}`);
  return settings;
}

function problemOf(settings: SupervisorSettings): string | undefined {
  const { leaseMs, renewMs, stopMs, clockDrift, intensity, backoff, resumeMs, tasksPerChild } = settings;
  if (!(leaseMs > 0 && Number.isFinite(leaseMs))) return 'leaseMs: expected a time above 0';
  if (!(renewMs > 0 && renewMs < leaseMs)) return `renewMs: expected above 0 and below leaseMs, which is ${leaseMs}`;
  if (!(stopMs >= 0 && Number.isFinite(stopMs))) return 'stopMs: expected 0 or more';
  if (!(clockDrift >= 0 && clockDrift < 1)) return 'clockDrift: expected 0 or more, below 1';
  if (!(intensity.maxRestarts >= 0 && intensity.withinMs > 0)) return 'intensity: expected 0 or more within above 0 ms';
  if (!(backoff.firstMs >= 0 && backoff.maxMs >= backoff.firstMs)) return 'backoff: expected 0 <= firstMs <= maxMs';
  if (!(resumeMs >= 0)) return 'resumeMs: expected 0 or more';
  if (!(Number.isSafeInteger(tasksPerChild) && tasksPerChild >= 1)) return 'tasksPerChild: expected 1 or more';
  return undefined;
}

/**
 * How long a leader waits, by its own clock, after the last request that it may have answered with a lease, before what
 * was leased may be given away:
 *
 *     (leaseMs + stopMs) * (1 + d) / (1 - d)
 *
 * The clock of the holder may run slow, so that its `leaseMs + stopMs` take 1 / (1 - d) as long in truth; that of the
 * leader may run fast, so that it counts 1 + d while 1 passes.
 */
export function giveAwayMs({ leaseMs, stopMs, clockDrift }: SupervisorSettings): number {
  return ((leaseMs + stopMs) * (1 + clockDrift)) / (1 - clockDrift);
}
