/**
 * The simulation of a protocol as a test of its author's: many seeds, and for the first that fails an error that says
 * what broke, the smallest plan that still breaks it, the last events, and the command that runs the seed again.
 */
import { callingFile, replayOf, seedsOf } from '../testing/seeds.js';
import { addTallies, faultsOf, noRuns, type Tally, tallyOf, vacuity } from './campaign.js';
import type { Model } from './model.js';
import { describePlan, type Failure, type Outcome, runSeed, type RunPlan } from './run.js';
import { shrink } from './shrink.js';

/** What to simulate. */
export interface SimulateOptions {
  /** How many seeds, one after another. Default 1000. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly from?: number;
  /** Runs to spend on making a failure smaller; 0 leaves it as it is. Default 300. */
  readonly shrinkRuns?: number;
  /** Campaigns of so many seeds fail when they never met what the model names. Default 1000. */
  readonly leastSeeds?: number;
  /** The test file, for the command that runs a seed again. Default: the file that called. */
  readonly file?: string | URL;
}

/** What a simulation without a failure saw. */
export interface SimulationReport extends Tally {
  /** Faults that struck, in all runs together. */
  readonly faults: number;
  /** Runs that differ: the hashes of their traces do. */
  readonly distinct: number;
}

/** Events shown of a failed run. */
const TAIL = 30;

/** A run broke a promise. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly seed: number;
  readonly failure: Failure;
  /** The smallest plan found that fails alike; `runSeed(model, seed, { plan })` runs it again. */
  readonly plan: RunPlan;
  /** Its last events and the state of its nodes, oldest first. */
  readonly trace: readonly string[];
  /** The shell command that runs the seed again. */
  readonly replay: string;

  constructor(model: Model, failed: Outcome, failure: Failure, shrinkRuns: number, tried: number, replay: string) {
    const { seed } = failed;
    const smaller = shrinkRuns > 0 ? shrink(model, failed, { runs: shrinkRuns }) : { ...failed, failure, runs: 0 };
    const trace = runSeed(model, seed, { plan: smaller.plan, keep: TAIL }).lines();
    super(
      [
        `seed ${seed} breaks ${smaller.failure.message} (${tried} tried)`,
        `  again: ${replay}`,
        `  the plan, ${sizeOf(failed.plan)} before it was made smaller in ${smaller.runs} runs:`,
        ...describePlan(smaller.plan).map((line) => `    ${line}`),
        '  the end of its trace:',
        ...trace.map((line) => `    ${line}`),
      ].join('\n'),
    );
    this.seed = seed;
    this.failure = smaller.failure;
    this.plan = smaller.plan;
    this.trace = trace;
    this.replay = replay;
  }
}

/** A long simulation met too little to prove anything. */
export class VacuousSimulation extends Error {
  override readonly name = 'VacuousSimulation';
}

/**
 * Runs a model under each seed. With SKEP_SEED in the environment it runs that seed alone.
 * @throws SimulationError for the first seed that fails; VacuousSimulation when many seeds met too little; SkepError
 * BAD_USAGE when a number is out of range.
 */
export function simulate(model: Model, options: SimulateOptions = {}): SimulationReport {
  const file = options.file ?? callingFile(simulate);
  const seeds = seedsOf(options);
  const hashes = new Set<string>();
  let tally = noRuns;
  for (let index = 0; index < seeds.count; index += 1) {
    const seed = seeds.from + index;
    const outcome = runSeed(model, seed);
    const { failure } = outcome;
    if (failure !== undefined)
      throw new SimulationError(model, outcome, failure, options.shrinkRuns ?? 300, index + 1, replayOf(seed, file));
    hashes.add(outcome.hash);
    tally = addTallies(tally, tallyOf(outcome));
  }
  const missing = vacuity(model, tally, options.leastSeeds);
  if (missing.length > 0) throw new VacuousSimulation(`${tally.runs} seeds prove nothing: ${missing.join('; ')}`);
  return { ...tally, faults: faultsOf(tally), distinct: hashes.size };
}

function sizeOf({ faults, operations }: RunPlan): string {
  return `${faults.length} faults and ${operations.length} operations`;
}
