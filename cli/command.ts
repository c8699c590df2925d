/**
 * How a command is declared and run: its help with an example, its configuration with the flags that feed it, its
 * output, its interruption, and the one place where an error becomes an exit code. Commands themselves only do work.
 */
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig, type LoadedConfig } from '#config';
import { SkepError, toWireError } from '#protocols/wire/error';
import { type ExitCode, exitCodeOf } from './exit-codes.js';
import { type Interrupt, listenForInterrupt } from './interrupt.js';
import { Output, wantsColour } from './output.js';

/** What a command's action gets. */
export interface CommandContext<Options> {
  /** Positional arguments; an optional one that was not given is undefined. */
  readonly args: readonly (string | undefined)[];
  readonly options: Options;
  readonly config: Config;
  readonly loaded: LoadedConfig;
  /** What is wrong with the configuration, for a command that runs all the same, on the defaults. */
  readonly badConfig: SkepError | undefined;
  readonly output: Output;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Options that every command has. */
interface CommonOptions {
  readonly config?: string;
  readonly preset?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly color?: boolean;
}

/** A command. */
export interface CommandSpec<Options> {
  /** Name and arguments as commander writes them, such as `audit <repo>`. */
  readonly usage: string;
  readonly summary: string;
  /** Shown under "Example:". */
  readonly examples: readonly string[];
  readonly options?: readonly Option[];
  /** Flags that set configuration: commander's attribute name to dotted path. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether the parent runs this command when it is given none. */
  readonly isDefault?: boolean;
  /** Whether the command runs on the defaults when the configuration is wrong. */
  readonly runsOnBadConfig?: boolean;
  /** Gives the exit code; nothing means 0. */
  readonly run: (context: CommandContext<Options>) => Promise<ExitCode | undefined>;
}

/** Flags that set the same configuration in many commands, with their paths; a command picks those it needs. */
export const settingFlags = {
  cluster: { option: new Option('--cluster <name>', 'name of the cluster'), path: 'cluster.name' },
  nats: {
    option: new Option('--nats <url>', 'url of the NATS server, such as nats://127.0.0.1:4222'),
    path: 'nats.url',
  },
  name: { option: new Option('--name <name>', 'name of the node'), path: 'node.name' },
  dataDir: { option: new Option('--data-dir <dir>', 'folder for the state of nodes'), path: 'node.dataDir' },
  executors: { option: new Option('--executors <n>', 'worker threads per node'), path: 'node.executors' },
  logLevel: {
    option: new Option('--log-level <level>', 'trace, debug, info, warn, error or silent'),
    path: 'log.level',
  },
  logFormat: { option: new Option('--log-format <format>', 'auto, json or pretty'), path: 'log.format' },
} as const;

/** Adds a command to its parent. */
export function addCommand<Options>(
  parent: Command,
  spec: CommandSpec<Options>,
  picks: readonly (keyof typeof settingFlags)[] = [],
): Command {
  const command = parent
    .command(spec.usage, { isDefault: spec.isDefault === true })
    .description(spec.summary)
    .showHelpAfterError('(see --help)');
  for (const pick of picks) command.addOption(settingFlags[pick].option);
  for (const option of spec.options ?? []) command.addOption(option);
  command
    .addOption(new Option('--config <file>', 'configuration file (default: skep.yaml)'))
    .addOption(new Option('--preset <name>', 'preset of defaults: local or lan'))
    .addOption(new Option('--json', 'print the result as JSON'))
    .addOption(new Option('--debug', 'print stack traces of errors'))
    .addOption(new Option('--no-color', 'no colours (also: NO_COLOR=1)'))
    .addHelpText('after', `\nExample:\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`);
  const settings = { ...Object.fromEntries(picks.map((pick) => [pick, settingFlags[pick].path])), ...spec.settings };
  return command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command;
    const args = given.slice(0, -2) as (string | undefined)[];
    process.exitCode = await execute(spec, settings, args, self.opts<CommonOptions & Record<string, unknown>>());
  });
}

async function execute<Options>(
  spec: CommandSpec<Options>,
  settings: Readonly<Record<string, string>>,
  args: readonly (string | undefined)[],
  options: CommonOptions & Record<string, unknown>,
): Promise<ExitCode> {
  const output = new Output({
    json: options.json === true,
    debug: options.debug === true,
    colour: wantsColour(process.stderr, options.color !== false, process.env),
  });
  const interrupt = listenForInterrupt();
  try {
    const { loaded, badConfig } = await load(spec, settings, options);
    const { signal } = interrupt;
    const context = { args, options: options as Options, config: loaded.config, loaded, badConfig, output, signal };
    return (await spec.run(context)) ?? interrupt.exitCode() ?? 0;
  } catch (error) {
    return report(error, output, interrupt);
  } finally {
    interrupt.dispose();
  }
}

interface Loading {
  readonly loaded: LoadedConfig;
  readonly badConfig: SkepError | undefined;
}

async function load<Options>(
  spec: CommandSpec<Options>,
  settings: Readonly<Record<string, string>>,
  options: CommonOptions & Record<string, unknown>,
): Promise<Loading> {
  const flags = Object.fromEntries(Object.entries(settings).map(([name, path]) => [path, options[name]]));
  const flagNames = Object.fromEntries(Object.entries(settings).map(([name, path]) => [path, flagOf(name)]));
  const { config: configPath, preset } = options;
  const given = { ...(configPath === undefined ? {} : { configPath }), ...(preset === undefined ? {} : { preset }) };
  try {
    return {
      loaded: await loadConfig({ cwd: process.cwd(), env: process.env, flags, flagNames, ...given }),
      badConfig: undefined,
    };
  } catch (error) {
    if (spec.runsOnBadConfig !== true || !(error instanceof SkepError)) throw error;
    return { loaded: await loadConfig({ cwd: nowhere, env: {}, dotenv: false }), badConfig: error };
  }
}

/** A folder that does not exist, and so has no configuration files. */
const nowhere = join(import.meta.dirname, 'nowhere');

function report(error: unknown, output: Output, interrupt: Interrupt): ExitCode {
  const interrupted = interrupt.exitCode();
  if (interrupted !== undefined) {
    output.note('interrupted');
    return interrupted;
  }
  output.error(error);
  return exitCodeOf(toWireError(error).code);
}

/** `dataDir` as it is typed. */
function flagOf(attribute: string): string {
  return `--${attribute.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Parser for an option that may be given several times. */
export function repeated(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** Parser for whole numbers of options that are no configuration. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}
