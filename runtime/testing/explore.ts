/**
 * Exploration: one scenario under many seeds. Each seed is another order of everything that may happen in any order; a
 * seed under which the scenario fails is printed with the command that runs it again, alone and step for step.
 */
import { SkepError } from '#protocols/wire/error';
import type { Random } from './random.js';
import { callingFile, replayOf, seedsOf } from './seeds.js';
import type { TestSystemOptions } from './test-options.js';
import { TestSystem } from './test-system.js';

/** What to explore. */
export interface Exploration {
  /** The run of one seed; it fails by throwing. It awaits the system and nothing else that takes real time. */
  readonly scenario: (system: TestSystem, random: Random) => Promise<void>;
  /** How many seeds, one after another. Default 1000. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly from?: number;
  /** How each system is made. */
  readonly options?: Omit<TestSystemOptions, 'seed' | 'clock'>;
  /** The test file, for the command that runs a seed again. Default: the file that called. */
  readonly file?: string | URL;
}

/** What an exploration without a failure saw. */
export interface ExplorationReport {
  readonly seeds: number;
  /** Steps of all runs together. */
  readonly steps: number;
  /** Runs that differ: the hashes of their traces do. */
  readonly distinct: number;
}

/** Steps shown of a failed run. */
const TAIL = 30;

/** A scenario failed under a seed; what it threw is the `cause`. */
export class ExplorationError extends Error {
  override readonly name = 'ExplorationError';
  readonly seed: number;
  readonly traceHash: string;
  /** The last steps of the run, oldest first. */
  readonly trace: readonly string[];
  /** The shell command that runs this seed again. */
  readonly replay: string;

  constructor(system: TestSystem, cause: unknown, tried: number, replay: string) {
    const { seed, steps } = system;
    const trace = system.trace(TAIL);
    const hash = system.traceHash();
    super(
      [
        `seed ${seed} fails (${tried} tried): ${cause instanceof Error ? cause.message : String(cause)}`,
        `  again: ${replay}`,
        `  trace ${hash}, ${steps} steps, the last of them:`,
        ...trace.map((line) => `  ${line}`),
      ].join('\n'),
      { cause },
    );
    this.seed = seed;
    this.traceHash = hash;
    this.trace = trace;
    this.replay = replay;
  }
}

/**
 * Runs the scenario under each seed, on a system of its own. With SKEP_SEED in the environment it runs that seed alone.
 * @throws ExplorationError for the first seed under which it fails; SkepError BAD_USAGE when a number is out of range.
 */
export async function explore(exploration: Exploration): Promise<ExplorationReport> {
  const { scenario, options = {} } = exploration;
  const file = exploration.file ?? callingFile(explore);
  const seeds = seedsOf(exploration);
  const hashes = new Set<string>();
  let steps = 0;
  for (let index = 0; index < seeds.count; index += 1) {
    const seed = seeds.from + index;
    // oxlint-disable-next-line no-await-in-loop -- one run at a time: they share the event loop
    const system = await TestSystem.create({ ...options, seed });
    try {
      await endOf(scenario(system, system.random));
    } catch (error) {
      throw new ExplorationError(system, error, index + 1, replayOf(seed, file));
    } finally {
      system.dispose();
    }
    hashes.add(system.traceHash());
    steps += system.steps;
  }
  return { seeds: seeds.count, steps, distinct: hashes.size };
}

/** What the scenario comes to; a failure when the process has nothing left to do before it is over. */
async function endOf(work: Promise<void>): Promise<void> {
  let idle = (): void => {};
  const stuck = new Promise<void>((_resolve, reject) => {
    const text = 'the scenario waits for something that is neither a step of its system nor anything else';
    idle = () => reject(new SkepError('TEST_STUCK', text));
  });
  process.once('beforeExit', idle);
  try {
    await Promise.race([work, stuck]);
  } finally {
    process.removeListener('beforeExit', idle);
  }
}
