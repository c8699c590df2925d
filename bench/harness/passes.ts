/**
 * Runs benches in passes: the first start of each, then the second of each, and so on. A shared machine has good and bad
 * quarters of an hour, and starts of one question that are minutes apart do not all fall into the same one.
 */
import type { Progress } from './progress.js';
import type { Bench, Measurement, Section } from './section.js';

/** A bench that did not end well. */
export interface BenchFailure {
  readonly name: string;
  readonly text: string;
}

/** What came of all of them. */
export interface Passed {
  /** In the order of the benches; of one that was interrupted, what was measured by then. */
  readonly sections: readonly Section[];
  readonly failures: readonly BenchFailure[];
}

/** How to run them. */
export interface PassOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Runs all parts of all benches. One that fails does not end the others, and gives no section. */
export async function runPasses(benches: readonly Bench[], { quick, signal, progress }: PassOptions): Promise<Passed> {
  const runs = benches.map((bench) => new BenchRun(bench.name, bench.begin(quick)));
  const passes = Math.max(0, ...runs.map(({ measurement }) => measurement.parts));
  for (let pass = 1; pass <= passes; pass += 1)
    for (const run of runs) {
      if (signal.aborted) break;
      if (run.failure === undefined && pass <= run.measurement.parts) await run.part(signal, progress);
    }
  return {
    sections: runs.flatMap(({ done, failure, measurement }) =>
      done > 0 && failure === undefined ? (measurement.section() ?? []) : [],
    ),
    failures: runs.flatMap(({ failure }) => failure ?? []),
  };
}

/** How many parts benches have together. */
export function partsOf(benches: readonly Bench[], quick: boolean): number {
  return benches.reduce((sum, bench) => sum + bench.begin(quick).parts, 0);
}

class BenchRun {
  readonly measurement: Measurement;
  done = 0;
  failure: BenchFailure | undefined;
  readonly #name: string;

  constructor(name: string, measurement: Measurement) {
    this.#name = name;
    this.measurement = measurement;
  }

  async part(signal: AbortSignal, progress: Progress): Promise<void> {
    const say = progress.begin(this.#name);
    try {
      await this.measurement.part({ signal, say });
      this.done += 1;
    } catch (error) {
      if (signal.aborted) return;
      this.failure = { name: this.#name, text: error instanceof Error ? error.message : String(error) };
      progress.line(`${this.#name} FAILED: ${this.failure.text}`);
    }
  }
}
