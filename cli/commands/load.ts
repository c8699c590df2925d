/** `skep load`: puts a running cluster under load and says whether it kept its thresholds. */
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SkepError } from '#protocols/wire/error';
import { renderSvg } from '../charts/svg.js';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { figureOf } from '../load/figure.js';
import { loadProgress } from '../load/progress.js';
import { renderReport } from '../load/report.js';
import { type LoadSpec, runLoad } from '../load/run-load.js';
import { meanings, type Scenario, scenarios } from '../load/scenario.js';

interface LoadFlags {
  readonly rate: number;
  readonly duration?: number;
  readonly actors: number;
  readonly sloP99: number;
  readonly errors: number;
  readonly svg?: string;
}

/** Adds `skep load`. */
export function loadCommand(program: Command): void {
  addCommand<LoadFlags>(
    program,
    {
      usage: 'load <scenario>',
      summary: `Put a running cluster under load, in one of the scenarios ${scenarios.join(', ')}; exit code 1 when a threshold is not kept.`,
      examples: [
        'skep load smoke',
        'skep load spike --rate 2000 --duration 30 --slo-p99 50 --svg spike.svg',
        'skep load breakpoint --nats nats://127.0.0.1:4222 --cluster demo --json',
      ],
      options: [
        new Option('--rate <n>', 'the load that is expected, in calls per second; scenarios are shapes around it')
          .default(1_000)
          .argParser(wholeNumber(1, 1_000_000)),
        new Option(
          '--duration <seconds>',
          `how long it takes (default: ${scenarios.map((name) => `${name} ${meanings[name].durationS}`).join(', ')})`,
        ).argParser(decimal('seconds', 0.1, 604_800)),
        new Option('--actors <n>', 'actors that are called, spread over the nodes')
          .default(32)
          .argParser(wholeNumber(1, 10_000)),
        new Option('--slo-p99 <ms>', 'latency in milliseconds that 99 of 100 calls may take, from their intended time')
          .default(100)
          .argParser(decimal('milliseconds', 0.01, 600_000)),
        new Option('--errors <pct>', 'share of calls, in per cent, that may fail')
          .default(1)
          .argParser(decimal('a percentage', 0, 100)),
        new Option('--svg <file>', 'write the charts over time to this file as SVG'),
      ],
      run: runLoadCommand,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runLoadCommand({
  args: [name = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<LoadFlags>): Promise<ExitCode | undefined> {
  const scenario = scenarioNamed(name);
  const spec: LoadSpec = {
    scenario,
    rate: options.rate,
    durationMs: (options.duration ?? meanings[scenario].durationS) * 1_000,
    actors: options.actors,
    thresholds: { p99Ms: options.sloP99, errorPercent: options.errors },
  };
  // Before the load: an hour of figures is not lost to a folder that is not there.
  if (options.svg !== undefined) await mayWrite(options.svg);
  const progress = loadProgress(`load ${scenario}`, spec.durationMs, output, process.stderr);
  try {
    const report = await runLoad(spec, {
      config,
      signal,
      onStart: (nodes) =>
        output.note(`calling ${spec.actors} actors on ${nodes.join(', ')}: ${meanings[scenario].means}`),
      onWindow: progress.window,
    });
    progress.close();
    if (options.svg !== undefined) await write(options.svg, renderSvg(figureOf(report)));
    const columns = process.stdout.isTTY ? Math.min(process.stdout.columns, 120) : 100;
    output.result(report, renderReport(report, { columns, bold: output.colours.bold }));
    return report.interrupted || report.kept ? undefined : 1;
  } finally {
    progress.close();
  }
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario === name);
  if (found !== undefined) return found;
  throw new SkepError('BAD_USAGE', `no scenario "${name}"; there are: ${scenarios.join(', ')}`, { known: scenarios });
}

/** @throws SkepError OUTPUT_UNWRITABLE when the folder is not there, or the file is not ours. */
async function mayWrite(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await isThere(dirname(path)))) return;
    throw unwritable(path, error);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): SkepError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SkepError('OUTPUT_UNWRITABLE', `--svg: ${path} cannot be written: ${why}`, { path }, cause);
}

/** Parser for a number that need not be whole. */
function decimal(what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${what} from ${least} to ${most}.`);
  };
}
