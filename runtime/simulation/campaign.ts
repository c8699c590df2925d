/**
 * Many seeds of one model, summed up: how much happened, how many faults a run had, what was met and how often. The sums
 * are plain data that add up, so that a campaign may be run in batches by many threads and come to the same figures.
 *
 * A campaign without a failure proves something only if the interesting things happened in it. A long one that never met
 * what its model names, or that hardly had faults, is vacuous, and fails for that. (The "sometimes assertions" of
 * Antithesis, and the coverage marks of TigerBeetle.)
 */
import type { Model } from './model.js';
import { type Failure, type Outcome, runSeed, type RunPlan } from './run.js';

/** How often something was met. */
export interface Met {
  readonly times: number;
  /** Runs that met it at least once. */
  readonly runs: number;
}

/** Sums over runs. */
export interface Tally {
  readonly runs: number;
  readonly events: number;
  /** Virtual time in microseconds. */
  readonly virtualUs: number;
  /** Runs by the number of faults that struck in them: `[runs without, runs with one, ...]`. */
  readonly byFaults: readonly number[];
  readonly sometimes: ReadonlyMap<string, Met>;
}

/** A run that failed. */
export interface FailedRun {
  readonly seed: number;
  readonly plan: RunPlan;
  readonly failure: Failure;
  /** Of the run: the same seed gives the same one again. */
  readonly hash: string;
}

/** What came of some seeds in a row. */
export interface Batch {
  /** Of all runs, the failed one among them. */
  readonly tally: Tally;
  /** The first that failed; the seeds after it were not run. */
  readonly failed?: FailedRun;
}

/** Seeds of a campaign that has to have met everything. */
export const LEAST_SEEDS = 1_000;
/** A run with so many faults is a hard one; so large a share of runs has to be hard. */
const HARD_FAULTS = 3;
const LEAST_HARD_SHARE = 0.3;

/** Nothing yet. */
export const noRuns: Tally = { runs: 0, events: 0, virtualUs: 0, byFaults: [], sometimes: new Map() };

/** Runs seeds one after another, up to the first that fails. */
export function runSeeds(model: Model, from: number, count: number): Batch {
  let tally = noRuns;
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = runSeed(model, seed);
    tally = addTallies(tally, tallyOf(outcome));
    const { failure, plan, hash } = outcome;
    if (failure !== undefined) return { tally, failed: { seed, plan, failure, hash } };
  }
  return { tally };
}

/** One run as a sum. */
export function tallyOf({ events, virtualUs, sometimes }: Pick<Outcome, 'events' | 'virtualUs' | 'sometimes'>): Tally {
  const faults = [...sometimes].reduce((sum, [name, times]) => sum + (name.startsWith('fault ') ? times : 0), 0);
  const byFaults = Array.from({ length: faults + 1 }, (_, index) => (index === faults ? 1 : 0));
  return {
    runs: 1,
    events,
    virtualUs,
    byFaults,
    sometimes: new Map([...sometimes].map(([name, times]) => [name, { times, runs: 1 }])),
  };
}

/** Both together. */
export function addTallies(one: Tally, other: Tally): Tally {
  const sometimes = new Map(one.sometimes);
  for (const [name, { times, runs }] of other.sometimes) {
    const before = sometimes.get(name) ?? { times: 0, runs: 0 };
    sometimes.set(name, { times: before.times + times, runs: before.runs + runs });
  }
  const length = Math.max(one.byFaults.length, other.byFaults.length);
  return {
    runs: one.runs + other.runs,
    events: one.events + other.events,
    virtualUs: one.virtualUs + other.virtualUs,
    byFaults: Array.from({ length }, (_, index) => (one.byFaults[index] ?? 0) + (other.byFaults[index] ?? 0)),
    sometimes,
  };
}

/** Faults that struck, in all runs together. */
export function faultsOf({ byFaults }: Tally): number {
  return byFaults.reduce((sum, runs, faults) => sum + runs * faults, 0);
}

/** Share of runs in which at least three faults struck. */
export function hardShare({ runs, byFaults }: Tally): number {
  const hard = byFaults.slice(HARD_FAULTS).reduce((sum, some) => sum + some, 0);
  return runs === 0 ? 0 : hard / runs;
}

/** Everything that a long campaign of the model has to have met: what it names itself, and each of its faults. */
export function wantedOf({ sometimes, faults }: Pick<Model, 'sometimes' | 'faults'>): readonly string[] {
  return [...sometimes, ...faults.map((kind) => `fault ${kind}`)];
}

/** Why a campaign without a failure proves nothing; empty when it does prove something, or is a short one. */
export function vacuity(model: Model, tally: Tally, leastSeeds = LEAST_SEEDS): readonly string[] {
  if (tally.runs < leastSeeds) return [];
  const missing = wantedOf(model).filter((name) => (tally.sometimes.get(name)?.times ?? 0) === 0);
  const share = hardShare(tally);
  return [
    ...missing.map((name) => `never met: ${name}`),
    ...(model.faults.length > 0 && share < LEAST_HARD_SHARE
      ? [`${(100 * share).toFixed(0)} % of the runs had ${HARD_FAULTS} faults or more; 30 % have to`]
      : []),
  ];
}
