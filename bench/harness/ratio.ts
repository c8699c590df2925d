/**
 * How many times better one contender is than another, from pairs of runs that were neighbours in time. A virtual machine
 * changes its speed by half when a neighbour uses the other half of a core, for tenths of seconds or for minutes; most
 * of that is the same for two neighbours and cancels out. What is left is put together by the Hodges-Lehmann estimator
 * (Hodges and Lehmann, "Estimates of location based on rank tests", 1963), the median of all means of two: it shrugs off
 * a third of outliers, and its error is a third smaller than that of the median.
 */
import { type Spread, spreadOf } from './spread.js';

/** The ratio over all pairs. */
export interface Ratio extends Spread {
  /** The estimate. */
  readonly median: number;
  /** Its standard error, as a share of it; undefined with less than three pairs. */
  readonly error?: number;
}

/** The ratio that pairs come to; undefined when there is none. */
export function ratioOf(pairs: readonly number[]): Ratio | undefined {
  const logs = pairs.filter((pair) => pair > 0 && Number.isFinite(pair)).map(Math.log);
  if (logs.length === 0) return undefined;
  const { least, most } = spreadOf(logs);
  const error = standardError(logs);
  return {
    median: Math.exp(hodgesLehmann(logs)),
    least: Math.exp(least),
    most: Math.exp(most),
    ...(error === undefined ? {} : { error }),
  };
}

/** A ratio with its error in per cent; alone when there are too few turns to tell. */
export function ratioText({ median, error }: Ratio): string {
  return `${median.toFixed(2)}x${error === undefined ? '' : ` ± ${Math.max(1, Math.round(100 * error))} %`}`;
}

function hodgesLehmann(values: readonly number[]): number {
  const means = values.flatMap((one, at) => values.slice(at).map((other) => (one + other) / 2));
  return spreadOf(means).median;
}

/** Of the estimate: for normal values it is 1.02 times that of their mean. */
function standardError(values: readonly number[]): number | undefined {
  if (values.length < 3) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return 1.02 * Math.sqrt(variance / values.length);
}
