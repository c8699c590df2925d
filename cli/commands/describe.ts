/** `skep describe`: the definitions that a cluster knows, with what each accepts. */
import type { Command } from 'commander';
import type { z } from 'zod';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import type { Output } from '../output.js';
import { describeAnswer, readAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';

type Described = z.infer<typeof describeAnswer>['definitions'][number];

/** Adds `skep describe`. */
export function describeCommand(program: Command): void {
  addCommand<object>(
    program,
    {
      usage: 'describe [definition]',
      summary: 'Show the definitions that can be spawned, with their calls and casts; with --json their schemas, too.',
      examples: ['skep describe', 'skep describe counter --json'],
      run: runDescribe,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runDescribe({
  args: [definition],
  config,
  output,
  signal,
}: CommandContext<object>): Promise<ExitCode | undefined> {
  const request = definition === undefined ? {} : { definition };
  const { definitions } = readAnswer(
    describeAnswer,
    await withCluster(config, signal, (ask) => ask('describe', request)),
  );
  output.result(definitions, definitions.map((entry) => definitionText(entry, output)).join('\n'));
  return undefined;
}

function definitionText(
  { name, version, description, calls, casts, phases = [] }: Described,
  { colours }: Output,
): string {
  const heading = `${colours.bold(name)} (version ${version})${description === '' ? '' : `: ${description}`}`;
  const lines = [
    ...(calls.length === 0
      ? []
      : [`  calls  ${calls.map((call) => (call.stream ? `${call.name} (stream)` : call.name)).join(', ')}`]),
    ...(casts.length === 0 ? [] : [`  casts  ${casts.join(', ')}`]),
    ...phases.map(
      (phase) => `  phase ${phase.name}: ${[...phase.calls, ...phase.casts].join(', ') || 'the common ones'}`,
    ),
  ];
  return [heading, ...lines].join('\n');
}
