/**
 * When calls are to be made: the times at which the integral of the rate passes whole numbers. An open model: arrivals
 * do not wait for replies, so a cluster that slows down does not thereby lower its load, and the time a call was to be
 * made at is known beforehand. (Schroeder, Wierman and Harchol-Balter, "Open Versus Closed", NSDI 2006.)
 */
import type { Stage } from './scenario.js';

/** Rounding of an integral that is a whole number on paper. */
const EPSILON = 1e-6;

/** The arrivals of some stages, numbered from 0, in milliseconds from the beginning. */
export class Arrivals {
  readonly durationMs: number;
  readonly total: number;
  readonly #stages: readonly (Stage & { readonly startMs: number; readonly before: number })[];

  constructor(stages: readonly Stage[]) {
    let [startMs, before] = [0, 0];
    this.#stages = stages.map((stage) => {
      const placed = { ...stage, startMs, before };
      startMs += stage.durationMs;
      before += ((stage.from + stage.to) / 2) * (stage.durationMs / 1_000);
      return placed;
    });
    this.durationMs = startMs;
    this.total = Math.ceil(before - EPSILON);
  }

  /** The rate at a time, per second; 0 before and after. */
  rateAt(atMs: number): number {
    const stage = this.#stages.find(({ startMs, durationMs }) => atMs >= startMs && atMs < startMs + durationMs);
    if (stage === undefined) return 0;
    return stage.from + (stage.to - stage.from) * ((atMs - stage.startMs) / stage.durationMs);
  }

  /** The integral of the rate up to a time: how many arrivals belong before it. */
  countBy(atMs: number): number {
    let count = 0;
    for (const { startMs, durationMs, from, to, before } of this.#stages) {
      if (atMs <= startMs) break;
      const seconds = Math.min(atMs - startMs, durationMs) / 1_000;
      const slope = (to - from) / (durationMs / 1_000);
      count = before + from * seconds + (slope * seconds * seconds) / 2;
    }
    return count;
  }

  /** The time of the arrival of this number; infinite beyond the last. */
  timeOf(index: number): number {
    if (index >= this.total) return Number.POSITIVE_INFINITY;
    const stage = this.#stages.findLast(({ before }) => before <= index + EPSILON);
    if (stage === undefined) return Number.POSITIVE_INFINITY;
    const { startMs, durationMs, from, to, before } = stage;
    const count = Math.max(0, index - before);
    const slope = (to - from) / (durationMs / 1_000);
    // The root of count = from * t + slope * t^2 / 2 in the form that does not subtract what is nearly equal.
    const seconds = count === 0 ? 0 : (2 * count) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * count)));
    return startMs + Math.min(durationMs, seconds * 1_000);
  }
}
