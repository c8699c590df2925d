/** The latency of calls, as measures of a run. */

/** Percentiles of the calls of one run, in microseconds. */
export interface Latency {
  readonly 'p50 us': number;
  readonly 'p99 us': number;
}

/** Percentiles, by nearest rank, of times in milliseconds; sorts them in place. */
export function latencyOf(timesMs: Float64Array): Latency {
  timesMs.sort();
  const at = (share: number): number =>
    1_000 * (timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))] ?? Number.NaN);
  return { 'p50 us': at(0.5), 'p99 us': at(0.99) };
}
