/** `skep top`: what the executors of a cluster do, second by second, or once for a script. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '#runtime/clock/clock';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import type { Output } from '../output.js';
import { hasModels, listModels } from '../inference/registries.js';
import { readAnswer, statusAnswer } from '../remote/answers.js';
import { askReports } from '../remote/reports.js';
import { type Ask, withCluster } from '../remote/session.js';
import { runLive } from '../top/live.js';
import { type Sample, type Sort, sorts, topModel } from '../top/model.js';
import { renderTop, type Style } from '../top/render.js';

interface TopOptions {
  readonly interval: number;
  readonly sort: Sort;
  readonly once?: boolean;
}

/** Adds `skep top`. */
export function topCommand(program: Command): void {
  addCommand<TopOptions>(
    program,
    {
      usage: 'top [node]',
      summary: 'Watch executors, definitions, mailboxes, slow turns and dead letters; q quits, s sorts, p pauses.',
      examples: ['skep top', 'skep top node-2 --interval 0.5 --sort mailbox', 'skep top --once --json'],
      options: [
        new Option('--interval <seconds>', 'time between two looks').default(1).argParser(seconds),
        new Option('--sort <by>', 'what the rows are sorted by').choices(sorts).default('rate'),
        new Option('--once', 'print one picture and end, as without a terminal and with --json'),
      ],
      run: runTop,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runTop({
  args: [node],
  config,
  options,
  output,
  signal,
}: CommandContext<TopOptions>): Promise<ExitCode | undefined> {
  const intervalMs = options.interval * 1_000;
  const { stdin, stdout } = process;
  await withCluster(config, signal, async (ask) => {
    const look = (): Promise<Sample> => lookAt(ask, node);
    if (options.once === true || output.json || !stdout.isTTY || !stdin.isTTY) {
      printOnce(output, await look(), await after(intervalMs, look), options.sort, intervalMs);
      return;
    }
    const terminal = { input: stdin, output: stdout };
    const { sort } = options;
    await runLive({ terminal, intervalMs, sort, style: styleOf(output), clock: systemClock, signal, look });
  });
  return undefined;
}

async function lookAt(ask: Ask, node: string | undefined): Promise<Sample> {
  const warnings: string[] = [];
  const { cluster } = readAnswer(statusAnswer, await ask('status', {}));
  const warn = (text: string): void => void warnings.push(text);
  const nodes = await askReports(ask, node, warn);
  const models = await Promise.all(nodes.filter(hasModels).map((one) => listModels(ask, one.node, warn)));
  return { cluster, atMs: Date.now(), nodes, models: models.flat(), warnings };
}

/** Rates need two looks. */
function printOnce(output: Output, before: Sample, now: Sample, sort: Sort, intervalMs: number): void {
  const model = topModel(now, before, sort);
  const size = { columns: process.stdout.isTTY ? process.stdout.columns : 120, rows: Number.POSITIVE_INFINITY };
  const lines = renderTop(model, size, { intervalMs, paused: false, live: false }, styleOf(output));
  output.result(model, lines.join('\n'));
}

function after<T>(delayMs: number, work: () => Promise<T>): Promise<T> {
  return new Promise<void>((resolve) => void systemClock.after(delayMs, resolve)).then(work);
}

function styleOf({ colours }: Output): Style {
  return { title: colours.bold, heading: colours.inverse, warning: colours.yellow };
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.1 && value <= 3_600) return value;
  throw new InvalidArgumentError('expected seconds from 0.1 to 3600.');
}
