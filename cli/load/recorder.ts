/**
 * What is recorded of a load: latencies in histograms, counts, and both by windows of time for the charts. A reply counts
 * in the window in which it comes. Memory is that of one open window and a summary of each closed one, however long the
 * load is. Pure: times are given.
 */
import { LatencyHistogram } from '#runtime/telemetry/histogram';

/** Quantiles of latencies in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What happened in a stretch of time. */
export interface Window {
  /** From the beginning of the load to the end of the window. */
  readonly endMs: number;
  /** Arrivals that belong into it, calls made, replies and failures, per second. */
  readonly wanted: number;
  readonly made: number;
  readonly achieved: number;
  readonly failed: number;
  /** Undefined without a reply. */
  readonly latencyMs: Latencies | undefined;
  /** How late calls were made, by the generator's own fault: 99th percentile. */
  readonly lagMs: number;
}

/** Sums over everything. */
export interface Totals {
  readonly made: number;
  readonly acknowledged: number;
  readonly failed: number;
  /** Failures by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latencyMs: Latencies;
  /** How late the calls themselves were made, by the generator's own fault: 99th percentile. */
  readonly lagMs: number;
}

/** Records a load. */
export class Recorder {
  readonly windows: Window[] = [];
  readonly #all = new LatencyHistogram();
  readonly #lag = new LatencyHistogram();
  readonly #errors = new Map<string, number>();
  #made = 0;
  #acknowledged = 0;
  #failed = 0;
  #open = emptyWindow();
  #openedMs = 0;

  /** A call was made, so long after its time. */
  called(lagMs: number): void {
    this.#made += 1;
    this.#open.made += 1;
    this.#lag.record(lagMs);
    this.#open.lag.record(lagMs);
  }

  /** A reply came, so long after the call was to be made. */
  replied(latencyMs: number): void {
    this.#acknowledged += 1;
    this.#open.replied += 1;
    this.#all.record(latencyMs);
    this.#open.latencies.record(latencyMs);
  }

  /** A call failed, or could not be made. */
  failed(code: string): void {
    this.#failed += 1;
    this.#open.failed += 1;
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** Ends the open window at a time; `wanted` arrivals belonged into it. */
  close(endMs: number, wanted: number): Window {
    const { made, replied, failed, latencies, lag } = this.#open;
    const seconds = Math.max(endMs - this.#openedMs, Number.EPSILON) / 1_000;
    const window = {
      endMs,
      wanted: wanted / seconds,
      made: made / seconds,
      achieved: replied / seconds,
      failed: failed / seconds,
      latencyMs: latencies.count === 0 ? undefined : latenciesOf(latencies),
      lagMs: lag.quantile(0.99),
    };
    this.windows.push(window);
    this.#open = emptyWindow();
    this.#openedMs = endMs;
    return window;
  }

  totals(): Totals {
    return {
      made: this.#made,
      acknowledged: this.#acknowledged,
      failed: this.#failed,
      errors: Object.fromEntries([...this.#errors].sort(([, a], [, b]) => b - a)),
      latencyMs: latenciesOf(this.#all),
      lagMs: this.#lag.quantile(0.99),
    };
  }
}

function emptyWindow() {
  return { made: 0, replied: 0, failed: 0, latencies: new LatencyHistogram(), lag: new LatencyHistogram() };
}

function latenciesOf(histogram: LatencyHistogram): Latencies {
  const { p50, p99, max } = histogram.summary();
  return { p50, p95: histogram.quantile(0.95), p99, max };
}
