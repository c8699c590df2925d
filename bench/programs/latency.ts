/** Latencies of single operations, kept in numbers that cost nothing while it is measured. */

/** So many latencies, in milliseconds. */
export class LatencyLog {
  readonly #ms: Float64Array;
  #count = 0;

  constructor(room: number) {
    this.#ms = new Float64Array(room);
  }

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#ms[this.#count++] = ms;
  }

  /** The latency that so large a share of them does not exceed, in microseconds. */
  quantileUs(share: number): number {
    const sorted = this.#ms.subarray(0, this.#count).toSorted();
    return (sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))] ?? Number.NaN) * 1_000;
  }
}

/** As the harness reports them. */
export interface Latencies {
  readonly 'p50 us': number;
  readonly 'p99 us': number;
}

/** The median and the tail. */
export function latencies(log: LatencyLog): Latencies {
  return { 'p50 us': log.quantileUs(0.5), 'p99 us': log.quantileUs(0.99) };
}
