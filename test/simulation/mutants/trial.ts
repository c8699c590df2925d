/**
 * Tries mutants in a process of its own: for each it runs seeds until one finds the planted bug. Told what to do by one
 * line of JSON on standard input; says a line of JSON about each.
 */
import { register } from 'node:module';
import { text } from 'node:stream/consumers';
import type * as ModelsModule from '#cli/simulate/models';
import type * as CampaignModule from '#runtime/simulation/campaign';
import { withMutant } from './hook.js';
import type { Mutant } from './mutant.js';

/** A mutant of a model with the seeds to try, in their order. */
export interface Trial {
  readonly model: string;
  /** Modules that the model comes from, where it is not a shipped one. */
  readonly modules: readonly string[];
  readonly mutant: Mutant;
  readonly from: number;
  readonly seeds: number;
}

/** What came of it. */
export interface TrialResult {
  readonly tried: number;
  readonly ms: number;
  readonly found?: Pick<CampaignModule.FailedRun, 'seed' | 'failure'>;
  /** Why it could not be tried. */
  readonly error?: string;
}

/** The compiled tree. */
const dist = new URL('../../../', import.meta.url);

async function attempt({ model: name, modules, mutant, from, seeds }: Trial, number: number): Promise<TrialResult> {
  const at = (path: string): string => withMutant(new URL(path, dist).href, number);
  // All of it comes from the mutated tree: an error of one version is no instance of a class of another.
  const { Models } = (await import(at('cli/simulate/models.js'))) as typeof ModelsModule;
  const { runSeeds } = (await import(at('runtime/simulation/campaign.js'))) as typeof CampaignModule;
  const models = await Models.of(modules.map((module) => withMutant(module, number)));
  const model = await models.load(name);
  const planted = Reflect.get(globalThis, 'plantedMutants') as ReadonlySet<number> | undefined;
  if (planted?.has(number) !== true)
    throw new Error(`mutant "${mutant.name}": the model ${name} does not load ${mutant.file}`);
  const startMs = performance.now();
  const { tally, failed } = runSeeds(model, from, seeds);
  const ms = performance.now() - startMs;
  const found = failed === undefined ? {} : { found: { seed: failed.seed, failure: failed.failure } };
  return { tried: tally.runs, ms, ...found };
}

const trials = JSON.parse(await text(process.stdin)) as readonly Trial[];
register('./hook.js', import.meta.url, {
  data: { mutants: trials.map(({ mutant }) => mutant), root: dist.href },
});
for (const [number, trial] of trials.entries()) {
  // oxlint-disable-next-line no-await-in-loop -- one after another: they are all work for this thread
  const result = await attempt(trial, number).catch(
    (error: unknown): TrialResult => ({
      tried: 0,
      ms: 0,
      error: error instanceof Error ? error.message : String(error),
    }),
  );
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
