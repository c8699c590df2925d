/** `skep simulate` from the command line to the exit code: which models and seeds, over how many threads, and the verdict. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SkepError } from '#protocols/wire/error';
import { tallyOf, vacuity } from '#runtime/simulation/campaign';
import type { Model } from '#runtime/simulation/model';
import { assertWritable } from '../audit/out-dir.js';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { runCampaign } from './campaign.js';
import { explain, type FailureReport, quoted } from './failure.js';
import { Models } from './models.js';
import { readPlan, type PlanFile } from './plan-file.js';
import { simulationProgress, type SimulationProgress } from './progress.js';
import { type ModelReport, reportJson, reportText } from './report.js';
import type { SimulateFlags, Simulation } from './simulation.js';
import { Threads } from './threads.js';
import { printTrace } from './trace.js';

/** Runs what a command line asks for. */
export async function runSimulate(context: CommandContext<SimulateFlags>): Promise<ExitCode | undefined> {
  const { args, options, output, signal } = context;
  const modules = options.module.map((path) => resolve(path));
  const models = await Models.of(modules);
  const names = args[0] === 'all' ? models.names : [args[0] ?? ''];
  const loaded: readonly Model[] = await Promise.all(names.map((name) => models.load(name)));
  if (loaded.length === 0) throw new SkepError('BAD_USAGE', 'there are no models: name a module with --module');
  const plan = options.plan === undefined ? undefined : await readPlan(options.plan);
  checkFlags(options, loaded, plan);
  const out = resolve(options.out);
  const one = options.seed !== undefined || plan !== undefined;
  const jobs = one ? 1 : Math.min(options.jobs ?? availableParallelism(), options.seeds);
  const threads = new Threads(jobs, modules, signal);
  const simulation: Simulation = { context, threads, jobs, out };
  try {
    const [first] = loaded;
    if (options.trace !== undefined && first !== undefined) return await printTrace(simulation, first, plan);
    const progress = simulationProgress(output, process.stderr);
    const reports: ModelReport[] = [];
    for (const model of loaded) {
      if (signal.aborted) break;
      // oxlint-disable-next-line no-await-in-loop -- a campaign has all threads to itself
      const report = await (one ? runOne(simulation, model, plan) : runMany(simulation, model, progress));
      progress.close();
      reports.push(report);
      if (!output.json) output.result(undefined, reportText(report, output));
    }
    const good = reports.every(({ failure, vacuous }) => failure === undefined && vacuous.length === 0);
    if (output.json) output.result({ good, models: reports.map(reportJson) }, '');
    return good || signal.aborted ? undefined : 1;
  } finally {
    await threads.stop();
  }
}

/** @throws SkepError BAD_USAGE for flags that do not go together. */
function checkFlags(options: SimulateFlags, models: readonly Model[], plan: PlanFile | undefined): void {
  const { from, seeds, seed, trace, traceFormat } = options;
  if (from > Number.MAX_SAFE_INTEGER - (seeds - 1))
    throw new SkepError('BAD_USAGE', `--from ${from} with ${seeds} seeds: expected seeds up to 2^53 - 1`);
  const one = seed !== undefined || plan !== undefined;
  if (trace !== undefined && !one) throw new SkepError('BAD_USAGE', '--trace: expected one run, by --seed or --plan');
  if (one && models.length > 1)
    throw new SkepError('BAD_USAGE', 'one run is of one model: name it in the place of all');
  if (traceFormat === 'etcd' && (trace === undefined || seed === undefined))
    throw new SkepError('BAD_USAGE', '--trace-format: expected --trace and --seed beside it');
  const [model] = models;
  if (plan !== undefined && plan.model !== model?.name)
    throw new SkepError('BAD_USAGE', `--plan is of the model ${plan.model}, not of ${model?.name ?? ''}`);
}

/** Many seeds of a model. */
async function runMany(simulation: Simulation, model: Model, progress: SimulationProgress): Promise<ModelReport> {
  const { context, threads, jobs } = simulation;
  const { from, seeds } = context.options;
  const campaign = { model: model.name, from, seeds, jobs };
  context.output.note(`simulating ${model.name}: seeds ${from} to ${from + seeds - 1} on ${jobs} threads`);
  const result = await runCampaign(campaign, threads, context.signal, progress.campaign);
  const { tally, ms, busyMs, interrupted, failed } = result;
  const report = { model, from, seeds, jobs, tally, ms, busyMs, interrupted };
  if (failed === undefined || interrupted) return { ...report, vacuous: interrupted ? [] : vacuity(model, tally) };
  progress.say(`simulate ${model.name}: seed ${failed.seed} fails; making it smaller`);
  const again = againBy(simulation, model.name, `--seed ${failed.seed}`);
  return { ...report, vacuous: [], failure: await explained(simulation, model.name, failed, again) };
}

/** One run of a model, by its seed or by a plan. */
async function runOne(simulation: Simulation, model: Model, file: PlanFile | undefined): Promise<ModelReport> {
  const { context, threads } = simulation;
  const seed = file?.seed ?? context.options.seed ?? 0;
  const run = await threads.ask('run', model.name, { seed, plan: file?.plan, keep: 0 });
  const { failure, plan, hash, ms } = run;
  const tally = tallyOf(run);
  const report = { model, from: seed, seeds: 1, jobs: 1, tally, ms, busyMs: ms, interrupted: false, vacuous: [] };
  if (failure === undefined) return report;
  const flags = file === undefined ? `--seed ${seed}` : `--plan ${quoted(context.options.plan ?? '')}`;
  const again = againBy(simulation, model.name, flags);
  return { ...report, failure: await explained(simulation, model.name, { seed, plan, failure, hash }, again) };
}

async function explained(
  simulation: Simulation,
  model: string,
  failed: Parameters<typeof explain>[0],
  again: string,
): Promise<FailureReport> {
  const { context, threads, out } = simulation;
  const { shrink, shrinkRuns } = context.options;
  await assertWritable(out);
  return explain(
    failed,
    {
      model,
      out,
      shrinkRuns: shrink === false ? 0 : shrinkRuns,
      again,
      againBy: (planFile) => againBy(simulation, model, `--plan ${quoted(planFile)}`),
    },
    threads,
  );
}

/** A command line that a person can paste. */
function againBy({ context }: Simulation, model: string, flags: string): string {
  const modules = context.options.module.map((path) => ` --module ${quoted(path)}`).join('');
  return `skep simulate ${model} ${flags}${modules}`;
}
