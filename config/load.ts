/**
 * Loads the configuration of a process: finds the file and the preset, reads `.env`, and lays the layers over each
 * other. Nothing here reads or writes `process.env`; the caller hands in the environment, so a test is a plain call.
 */
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseDotenv } from './dotenv.js';
import { fileLayer } from './file-layer.js';
import { type FileRead, readSmallFile } from './files.js';
import type { Variables } from './interpolate.js';
import {
  CONFIG_VARIABLE,
  defaultLayer,
  flagLayer,
  type Layer,
  PRESET_VARIABLE,
  presetLayer,
  variableLayer,
} from './layers.js';
import { printable } from './mask.js';
import type { Host } from './option.js';
import { describeOrigin, type Origin } from './origin.js';
import { DEFAULT_PRESET, isPresetName, presetNames } from './presets.js';
import { badConfig, type Problem } from './problem.js';
import type { Config } from './schema.js';
import { settle } from './settle.js';
import { nearest } from './suggest.js';

/** What a load is given. */
export interface LoadOptions {
  /** Folder in which `skep.yaml`, `skep.yml` and `.env` are looked for, and to which `configPath` is relative. */
  readonly cwd: string;
  /** The environment, usually `process.env`. It is only read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values by dotted path; undefined ones were not given. Texts are coerced to the type of the option. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** How the command line spells a flag, by dotted path, for messages. Default: `--` and the path. */
  readonly flagNames?: Readonly<Record<string, string>>;
  /** The file to read in place of the default ones; it must exist. Default: `SKEP_CONFIG`. */
  readonly configPath?: string;
  /** Default: `SKEP_PRESET`, else `local`. */
  readonly preset?: string;
  /** Whether `.env` is read. Default: true. */
  readonly dotenv?: boolean;
  /** What computed defaults see. Default: this machine. */
  readonly host?: Host;
}

/** A loaded configuration. */
export interface LoadedConfig {
  /** Frozen. */
  readonly config: Config;
  /** Origin of every option by dotted path; one without a value has the origin `default`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Files that were read, named as `configPath` names them or relative to `cwd`. */
  readonly files: readonly string[];
}

const DOTENV_FILE = '.env';
const DEFAULT_FILES = ['skep.yaml', 'skep.yml'] as const;
const nothing: Layer = { assignments: [], problems: [] };

/** A layer that came from a file, and the files that were read for it. */
interface ReadLayer extends Layer {
  readonly files: readonly string[];
}

/** A choice of file or preset, and where it was made. */
interface Choice {
  readonly text: string;
  readonly origin: string;
}

/** Loads the configuration, or throws `BAD_CONFIG` with every problem found. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const env = new Map(Object.entries(options.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const dotenv = options.dotenv === false ? noDotenv : await readDotenv(options.cwd);
  const file = await readFileLayer(options.cwd, choose(options.configPath, '--config', CONFIG_VARIABLE, env, dotenv));
  const layers: readonly Layer[] = [
    defaultLayer(),
    choosePreset(choose(options.preset, '--preset', PRESET_VARIABLE, env, dotenv)),
    file,
    dotenv,
    variableLayer(env, (variable) => ({ kind: 'env', variable })),
    flagLayer(options.flags ?? {}, options.flagNames ?? {}),
  ];
  const variables: Variables = (name) => env.get(name) || dotenv.variables.get(name) || env.get(name);
  const host = options.host ?? { hostname: hostname(), cores: availableParallelism() };
  const assignments = layers.flatMap((layer) => layer.assignments);
  const settlement = settle(assignments, variables, host);
  const problems = [...layers.flatMap((layer) => layer.problems), ...(settlement.ok ? [] : settlement.problems)];
  if (!settlement.ok || problems.length > 0) throw badConfig(problems);
  return { config: settlement.config, origins: settlement.origins, files: [...file.files, ...dotenv.files] };
}

interface DotenvLayer extends ReadLayer {
  readonly variables: ReadonlyMap<string, string>;
}

const noDotenv: DotenvLayer = { ...nothing, files: [], variables: new Map() };

async function readDotenv(cwd: string): Promise<DotenvLayer> {
  const read = await readSmallFile(resolve(cwd, DOTENV_FILE));
  if (read.kind === 'missing') return noDotenv;
  if (read.kind === 'refused') return { ...noDotenv, problems: [fileProblem(DOTENV_FILE, read.message)] };
  const variables = parseDotenv(read.text);
  const layer = variableLayer(variables, (variable) => ({ kind: 'dotenv', file: DOTENV_FILE, variable }));
  return { ...layer, files: [DOTENV_FILE], variables };
}

/** The choice that counts: argument, then environment, then `.env`; an empty variable counts as not set. */
function choose(
  argument: string | undefined,
  flag: string,
  variable: string,
  env: ReadonlyMap<string, string>,
  dotenv: DotenvLayer,
): Choice | undefined {
  if (argument !== undefined) return { text: argument, origin: flag };
  const fromEnv = env.get(variable);
  if (fromEnv) return { text: fromEnv, origin: variable };
  const text = dotenv.variables.get(variable);
  const origin = describeOrigin({ kind: 'dotenv', file: DOTENV_FILE, variable });
  return text ? { text, origin } : undefined;
}

function choosePreset(choice: Choice | undefined): Layer {
  if (choice === undefined) return presetLayer(DEFAULT_PRESET);
  if (isPresetName(choice.text)) return presetLayer(choice.text);
  const suggestion = nearest(choice.text, presetNames);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const message = `given "${printable(choice.text)}"; allowed: one of ${presetNames.join(', ')}${hint}`;
  // The default preset stands in, so that what else is wrong is told as well.
  return { ...presetLayer(DEFAULT_PRESET), problems: [{ path: 'preset', origin: choice.origin, message }] };
}

async function readFileLayer(cwd: string, choice: Choice | undefined): Promise<ReadLayer> {
  if (choice !== undefined) {
    const read = await readSmallFile(resolve(cwd, choice.text));
    return layerOf(choice.text, read, `does not exist (named by ${choice.origin})`);
  }
  const found: (readonly [file: string, read: FileRead])[] = [];
  for (const file of DEFAULT_FILES) {
    const read = await readSmallFile(resolve(cwd, file));
    if (read.kind !== 'missing') found.push([file, read]);
  }
  const [first, second] = found;
  if (first === undefined) return { ...nothing, files: [] };
  const layer = layerOf(first[0], first[1], 'does not exist');
  if (second === undefined) return layer;
  const message = `${second[0]} is there as well; remove one, or name one with --config`;
  return { ...layer, problems: [fileProblem(first[0], message), ...layer.problems] };
}

function layerOf(file: string, read: FileRead, missing: string): ReadLayer {
  const name = printable(file);
  if (read.kind === 'text') return { ...fileLayer(read.text, name), files: [file] };
  const message = read.kind === 'missing' ? missing : read.message;
  return { ...nothing, problems: [fileProblem(name, message)], files: [] };
}

function fileProblem(file: string, message: string): Problem {
  return { path: '', origin: file, message };
}
