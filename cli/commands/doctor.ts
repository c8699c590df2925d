/** `skep doctor`: checks what skep needs on this machine, and says what to do where something is missing. */
import type { Command } from 'commander';
import { addCommand, type CommandContext } from '../command.js';
import { carryOut, type Check, type CheckResult, fail, ok } from '../doctor/check.js';
import { inferenceChecks } from '../doctor/inference.js';
import { machineChecks } from '../doctor/machine.js';
import { networkChecks } from '../doctor/network.js';
import type { ExitCode } from '../exit-codes.js';
import type { Output } from '../output.js';

/** Adds `skep doctor`. */
export function doctorCommand(program: Command): void {
  addCommand<object>(
    program,
    {
      usage: 'doctor',
      summary: 'Check what skep needs on this machine; exit code 1 when something fails.',
      examples: ['skep doctor', 'skep doctor --json', 'skep doctor --nats nats://127.0.0.1:4222'],
      runsOnBadConfig: true,
      run: runDoctor,
    },
    ['cluster', 'nats', 'dataDir', 'executors'],
  );
}

async function runDoctor({
  config,
  loaded,
  badConfig,
  output,
  signal,
}: CommandContext<object>): Promise<ExitCode | undefined> {
  const settings: Check = {
    name: 'configuration',
    look: () =>
      Promise.resolve(
        badConfig === undefined
          ? ok(loaded.files.join(', ') || 'no file; defaults, variables and flags')
          : fail(badConfig.message, badConfig.remedy),
      ),
  };
  const results: CheckResult[] = [];
  // One after the other: a server and threads that start at once would make each other look slow.
  for (const check of [settings, ...machineChecks(config), ...networkChecks(config), ...inferenceChecks(config)]) {
    if (signal.aborted) return undefined;
    results.push(await carryOut(check));
  }
  const failed = results.filter(({ status }) => status === 'fail').length;
  output.result({ ok: failed === 0, checks: results }, results.map((result) => line(result, output)).join('\n'));
  return failed === 0 ? undefined : 1;
}

const NAME_WIDTH = 16;

function line({ name, status, detail, remedy }: CheckResult, { colours }: Output): string {
  const paint = { ok: colours.green, warn: colours.yellow, fail: colours.red }[status];
  const head = `${paint(status.padEnd(4))}  ${name.padEnd(NAME_WIDTH - 1)} ${detail}`;
  return remedy === '' ? head : `${head}\n${' '.repeat(NAME_WIDTH + 6)}${remedy}`;
}
