/** The trace of one run, to standard output or to a file, in words or in the form of etcd's traces of raft. */
import type { Model } from '#runtime/simulation/model';
import type { ExitCode } from '../exit-codes.js';
import { traceText, writeText } from './failure.js';
import type { PlanFile } from './plan-file.js';
import type { Simulation } from './simulation.js';

/** Prints the trace that the flags ask for; exit code 1 when its run failed. */
export async function printTrace(
  simulation: Simulation,
  model: Model,
  file: PlanFile | undefined,
): Promise<ExitCode | undefined> {
  const { context, threads } = simulation;
  const { traceFormat, seed: asked } = context.options;
  const seed = file?.seed ?? asked ?? 0;
  if (traceFormat === 'etcd') {
    const lines = await threads.ask('etcd', model.name, { seed });
    await put(simulation, lines.map((line) => `${line}\n`).join(''));
    return undefined;
  }
  const run = await threads.ask('run', model.name, { seed, plan: file?.plan, keep: Number.POSITIVE_INFINITY });
  await put(simulation, traceText(model.name, run));
  if (run.failure === undefined) return undefined;
  context.output.note(`seed ${seed} breaks ${run.failure.message}`);
  return 1;
}

async function put({ context: { options, output } }: Simulation, text: string): Promise<void> {
  const { trace } = options;
  if (typeof trace === 'string') await writeText(trace, text);
  else if (!output.json) output.text(text);
  if (output.json) output.result({ trace: typeof trace === 'string' ? trace : text.trimEnd().split('\n') }, '');
}
