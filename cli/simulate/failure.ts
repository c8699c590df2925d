/**
 * What is done about a failed run: it is made smaller, and both the plan and the trace of the smaller run are written to
 * files, so that whoever reads the report has everything to see it again.
 */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { SkepError } from '#protocols/wire/error';
import type { FailedRun } from '#runtime/simulation/campaign';
import { describePlan, type RunPlan } from '#runtime/simulation/run';
import { planText } from './plan-file.js';
import type { Threads } from './threads.js';
import type { OneRun } from './work.js';

/** A failure as it is reported. */
export interface FailureReport {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  /** Virtual time of the failure, in seconds. */
  readonly atSeconds: number;
  /** Number of the last line of the trace. */
  readonly event: number;
  /** The command that runs the seed again. */
  readonly again: string;
  /** The plan in words; of the smaller run where there is one. */
  readonly plan: readonly string[];
  readonly smaller?: {
    readonly message: string;
    /** Faults and operations before and after. */
    readonly from: number;
    readonly to: number;
    readonly runs: number;
    readonly again: string;
  };
  /** The same seed gave another run the second time: the model is not deterministic. */
  readonly unsteady?: boolean;
  readonly files: { readonly plan: string; readonly trace: string };
}

/** How failures are to be explained. */
export interface ExplainOptions {
  readonly model: string;
  /** Runs to spend on making it smaller; 0 for none. */
  readonly shrinkRuns: number;
  /** Folder for the files. */
  readonly out: string;
  /** The command that runs it again: as it failed, and by a plan in a file. */
  readonly again: string;
  readonly againBy: (planFile: string) => string;
}

/** Lines of the trace that are kept: more is no help. */
const KEEP = 100_000;

/** Explains a failed run, and writes its files. @throws SkepError OUTPUT_UNWRITABLE. */
export async function explain(failed: FailedRun, options: ExplainOptions, threads: Threads): Promise<FailureReport> {
  const { model, shrinkRuns, out, again, againBy } = options;
  const { seed, plan, failure, hash } = failed;
  const shrunk =
    shrinkRuns === 0 ? undefined : await threads.ask('shrink', model, { seed, plan, hash, runs: shrinkRuns });
  const unsteady = shrunk === 'another run';
  const small = shrunk === undefined || unsteady ? undefined : shrunk;
  const run = await threads.ask('run', model, { seed, plan: small?.plan ?? plan, keep: KEEP });
  const [planFile, traceFile] = [join(out, `${model}-${seed}.plan.json`), join(out, `${model}-${seed}.trace.txt`)];
  const files = { plan: relative(process.cwd(), planFile), trace: relative(process.cwd(), traceFile) };
  const { invariant } = failure;
  await writeText(planFile, planText({ model, seed, invariant, plan: run.plan }));
  await writeText(traceFile, traceText(model, run));
  return {
    seed,
    invariant,
    message: failure.message,
    atSeconds: failure.atUs / 1e6,
    event: failure.event,
    again,
    plan: describePlan(run.plan),
    ...(small === undefined
      ? {}
      : {
          smaller: {
            message: small.failure.message,
            from: weightOf(plan),
            to: weightOf(small.plan),
            runs: small.runs,
            again: againBy(files.plan),
          },
        }),
    ...(unsteady ? { unsteady } : {}),
    files,
  };
}

/** The run in words: what it is, its plan, its events, the state of its nodes. */
export function traceText(model: string, { seed, hash, plan, failure, lines }: OneRun): string {
  const verdict = failure === undefined ? 'no violation' : `breaks ${failure.message}`;
  return [
    `# ${model}, seed ${seed}, trace ${hash}: ${verdict}`.replaceAll('\n', '\n# '),
    ...describePlan(plan).map((line) => `# ${line}`),
    ...lines,
    '',
  ].join('\n');
}

function weightOf({ faults, operations }: RunPlan): number {
  return faults.length + operations.length;
}

/** Writes a file. @throws SkepError OUTPUT_UNWRITABLE. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('OUTPUT_UNWRITABLE', `${path} cannot be written: ${why}`, { path }, cause);
  }
}

/** As a shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
