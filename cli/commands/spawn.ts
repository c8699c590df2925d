/** `skep spawn`: starts an actor on a running cluster and prints its address. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { readAnswer, refAnswer } from '../remote/answers.js';
import { jsonArgument } from '../remote/json-argument.js';
import { type Ask, withCluster } from '../remote/session.js';
import { traceOf, type TraceFlags, traceOptions } from '../remote/trace.js';
import { requireNode } from '../remote/target.js';

interface SpawnOptions extends TraceFlags {
  readonly args?: string;
  readonly name?: string;
  readonly node?: string;
  readonly executor?: number | string;
  readonly restart?: string;
  readonly definitionVersion?: number;
}

/** Adds `skep spawn`. */
export function spawnCommand(program: Command): void {
  addCommand<SpawnOptions>(
    program,
    {
      usage: 'spawn <definition>',
      summary: 'Start an actor and print its address.',
      examples: [
        `skep spawn counter --args '{"start":5}' --name hits`,
        'skep spawn counter --node node-2 --executor 1 --restart transient',
      ],
      options: [
        new Option('--args <json>', 'arguments of its init function (default: {})'),
        new Option('--name <name>', 'name to register it under, free on its node'),
        new Option('--node <node>', 'node to live on (default: the one that answers)'),
        new Option('--executor <n>', 'executor to live on: a number, default or system').argParser(executor),
        new Option('--restart <policy>', 'when its supervisor starts it again (default: permanent)').choices([
          'permanent',
          'transient',
          'temporary',
        ]),
        new Option('--definition-version <n>', 'version of the definition (default: the newest)').argParser(
          wholeNumber(1, 1_000_000),
        ),
        ...traceOptions(),
      ],
      run: runSpawn,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

function executor(text: string): number | string {
  if (text === 'default' || text === 'system') return text;
  if (!/^\d{1,4}$/.test(text))
    throw new InvalidArgumentError('expected a whole number from 0 to 9999, default or system.');
  return Number(text);
}

async function runSpawn({
  args,
  config,
  options,
  output,
  signal,
}: CommandContext<SpawnOptions>): Promise<ExitCode | undefined> {
  const { name, node, executor, restart, definitionVersion: version } = options;
  const given = {
    definition: args[0],
    args: jsonArgument('--args', options.args),
    name,
    node,
    executor,
    restart,
    version,
  };
  const request = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const trace = traceOf(options, (text) => output.note(text));
  const spawn = async (ask: Ask) => {
    if (node !== undefined) await requireNode(ask, node);
    return readAnswer(refAnswer, await ask('spawn', request));
  };
  const { ref } = await withCluster(config, signal, spawn, trace);
  output.result({ ref }, ref);
  return undefined;
}
