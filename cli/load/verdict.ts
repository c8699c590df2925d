/** Whether a load kept what it was to keep: the thresholds, where a rising load broke them, and the side effects. */
import type { Totals, Window } from './recorder.js';
import type { Verified } from './targets.js';

/** The thresholds that a load is held against. */
export interface Thresholds {
  /** The 99th percentile of latency in milliseconds. */
  readonly p99Ms: number;
  /** Failures among all arrivals, in per cent. */
  readonly errorPercent: number;
}

/** One threshold and what was found. */
export interface Judgement {
  readonly what: string;
  readonly limit: number;
  readonly found: number;
  readonly kept: boolean;
}

/** Where a rise came to its end. */
export interface Breakpoint {
  /** Replies per second in the last window that kept the thresholds. */
  readonly held: number;
  /** What broke, or that nothing did. */
  readonly why: string;
}

/** Windows in a row that break a threshold before a rise is ended: one alone may be a hiccup. */
const WINDOWS_TO_BREAK = 3;
/** A share of the arrivals that is answered in time; below it the cluster falls behind. */
const KEEPS_UP = 0.9;

/** Follows a rise, window by window, up to where it breaks. */
export class BreakpointSearch {
  readonly #thresholds: Thresholds;
  #held = 0;
  #broken: string[] = [];

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  /** Takes the next window; true when the search is over. */
  take(window: Window): boolean {
    const fault = faultOf(window, this.#thresholds);
    if (fault === undefined) {
      this.#held = Math.max(this.#held, window.achieved);
      this.#broken = [];
    } else this.#broken.push(fault);
    return this.over;
  }

  get over(): boolean {
    return this.#broken.length >= WINDOWS_TO_BREAK;
  }

  get found(): Breakpoint {
    return { held: this.#held, why: (this.over ? this.#broken.at(-1) : undefined) ?? 'no threshold broke' };
  }
}

function faultOf(window: Window, limits: Thresholds): string | undefined {
  const { latencyMs, wanted, achieved, failed, lagMs } = window;
  if (wanted === 0) return undefined;
  // Told apart, because it says nothing about the cluster.
  const cause = lagMs > limits.p99Ms / 2 ? ` while the generator itself was ${lagMs.toFixed(1)} ms late` : '';
  const errorPercent = (failed / Math.max(failed + achieved, Number.EPSILON)) * 100;
  if (errorPercent > limits.errorPercent) return `${errorPercent.toFixed(1)} % failed${cause}`;
  if (latencyMs !== undefined && latencyMs.p99 > limits.p99Ms) return `p99 was ${latencyMs.p99.toFixed(1)} ms${cause}`;
  if (achieved < wanted * KEEPS_UP) return `${Math.round(achieved)}/s of ${Math.round(wanted)}/s were answered${cause}`;
  return undefined;
}

/**
 * Judges a load. One that was to find a breakpoint broke the thresholds by design: it is held against the expected
 * rate instead, which has to lie below that point.
 */
export function judge(
  totals: Totals,
  verified: Verified,
  limits: Thresholds,
  search: { readonly breakpoint: Breakpoint; readonly expectedRate: number } | undefined,
): readonly Judgement[] {
  const effects = atMost('acknowledged calls without effect', 0, verified.lost);
  if (search !== undefined) {
    const { held } = search.breakpoint;
    const { expectedRate } = search;
    return [{ what: 'calls/s held, at least', limit: expectedRate, found: held, kept: held >= expectedRate }, effects];
  }
  const answered = totals.acknowledged + totals.failed;
  // Nothing answered is nothing kept.
  const errorPercent = answered === 0 ? 100 : (totals.failed / answered) * 100;
  return [
    atMost('p99 ms', limits.p99Ms, totals.latencyMs.p99),
    atMost('errors %', limits.errorPercent, errorPercent),
    effects,
  ];
}

function atMost(what: string, limit: number, found: number): Judgement {
  return { what, limit, found, kept: found <= limit };
}
