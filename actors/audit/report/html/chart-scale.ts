/**
 * Axes of the chart. Commits and complexity of real repositories are skewed: most files near zero, a few far out. Where
 * the largest value is far above the median, an axis is logarithmic, else linear. The values are integers from 1 up.
 */

/** A mapping of values to 0..1, with the values to mark. */
export interface Scale {
  readonly kind: 'linear' | 'log';
  /** 0 at the axis' start, 1 at its end. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** How far the largest value is above the median before an axis is logarithmic. */
const skewForLog = 8;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The smallest of 1, 2 or 5 times a power of ten that is at least `value`; 1 at least, as all values are integers. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= value) ?? 10 * power;
}

function linearScale(largest: number): Scale {
  const step = niceStep(largest / 5);
  const end = step * Math.max(1, Math.ceil(largest / step));
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  return { kind: 'linear', at: (value) => value / end, ticks };
}

/** A logarithmic axis begins below 1, so that the many files at 1 do not lie on the other axis. */
const logStart = 0.7;

function logScale(largest: number): Scale {
  const end = largest * 1.3;
  const decades = Array.from({ length: Math.floor(Math.log10(end)) + 1 }, (_, exponent) => 10 ** exponent);
  const factors = decades.length > 3 ? [1] : [1, 2, 5];
  return {
    kind: 'log',
    at: (value) => Math.log(value / logStart) / Math.log(end / logStart),
    ticks: decades.flatMap((decade) => factors.map((factor) => factor * decade)).filter((tick) => tick <= end),
  };
}

/** The scale for integers from 1 up. */
export function scaleFor(values: readonly number[]): Scale {
  const largest = values.reduce((left, right) => Math.max(left, right), 1);
  return largest > skewForLog * Math.max(1, median(values)) ? logScale(largest) : linearScale(largest);
}
