/**
 * A histogram of durations in fixed memory, as HdrHistogram has it: each power of two is cut into 16 equal buckets, so a
 * quantile is read with a relative error of at most 1/16 whatever the range, and recording is a shift and an increment.
 * Pure: durations are given, no clock is read. Source: G. Tene, "HdrHistogram" (hdrhistogram.org).
 *
 *     microseconds   0 1 2 ... 15 | 16 17 ... 31 | 32 34 ... 62 | 64 68 ... 124 | ...  up to 2^32 - 1 (71 minutes)
 *     bucket width        1       |      1       |      2       |       4       |
 */

/** Buckets per power of two, and the bits that number them. */
const SUB_BITS = 4;
const SUB_BUCKETS = 2 ** SUB_BITS;
/** The powers of two above the first, exact, row. */
const ROWS = 32 - SUB_BITS;
const BUCKETS = SUB_BUCKETS * (ROWS + 1);
const MAX_US = 2 ** 32 - 1;

/** Quantiles of durations in milliseconds. Plain data. */
export interface LatencySummary {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Durations recorded. */
  readonly count: number;
}

/** Durations from 1 microsecond to 71 minutes; longer ones count as 71 minutes, and `max` is exact all the same. */
export class LatencyHistogram {
  // Doubles, not 32-bit integers: ten million turns a second would overflow those in seven minutes.
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  /** Durations recorded. */
  get count(): number {
    return this.#count;
  }

  /**
   * Records a duration in milliseconds, or `times` of it; less than nothing, which a clock should not give, counts as
   * nothing.
   */
  record(durationMs: number, times = 1): void {
    const us = durationMs > 0 ? Math.min(MAX_US, Math.round(durationMs * 1_000)) : 0;
    const bucket = bucketOf(us);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /**
   * The duration in milliseconds that a share `quantile` (0 to 1) of those recorded does not exceed, too high by at most
   * 1/16; 0 when nothing is recorded.
   */
  quantile(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.#maxMs, highestOf(bucket) / 1_000);
    }
    return 0;
  }

  summary(): LatencySummary {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.#maxMs, count: this.#count };
  }
}

function bucketOf(us: number): number {
  if (us < SUB_BUCKETS) return us;
  const row = 31 - Math.clz32(us) - SUB_BITS;
  return (row + 1) * SUB_BUCKETS + ((us >>> row) & (SUB_BUCKETS - 1));
}

/** The longest duration, in microseconds, that falls into a bucket. */
function highestOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const row = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (SUB_BUCKETS + (bucket % SUB_BUCKETS) + 1) * 2 ** row - 1;
}
