/** `skep model list`, `load`, `swap` and `unload`: orders to the registries of a running cluster. */
import { readyModel } from '#protocols/wire/models';
import { printable } from '#config/mask';
import type { CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { table } from '../output.js';
import { withCluster } from '../remote/session.js';
import { bytesText, countText } from '../top/numbers.js';
import {
  callRegistry,
  ensureRegistry,
  homeOf,
  homesOf,
  listModels,
  LOAD_MS,
  nodeFor,
  type NodeModel,
} from './registries.js';
import { entryOfFile, type FileOptions, modelTarget } from './target.js';

/** Which node is meant. */
export interface NodeFlags {
  readonly node?: string;
}

/** Options of `load` and `swap`. */
export interface LoadFlags extends NodeFlags, FileOptions {
  readonly force?: boolean;
}

/** Lists. */
export async function runList({
  config,
  options,
  output,
  signal,
}: CommandContext<NodeFlags>): Promise<ExitCode | undefined> {
  const warn = (text: string): void => output.warn(text);
  const models = await withCluster(config, signal, (ask) => listModels(ask, options.node, warn));
  output.result(models, models.length === 0 ? 'no models' : listText(models, output.colours.bold));
  return undefined;
}

function listText(models: readonly NodeModel[], bold: (text: string) => string): string {
  const headings = ['MODEL', 'NODE', 'STATE', 'BACKEND', 'RUNNING', 'WAITING', 'SLOTS', 'CONTEXT', 'MEMORY', 'REASON'];
  const rows = models.map((line) => [
    line.name,
    line.node,
    line.state,
    line.backend,
    countText(line.running),
    countText(line.waiting + line.waitingToLoad),
    line.slots === undefined ? '-' : countText(line.slots),
    line.contextTokens === undefined ? '-' : String(line.contextTokens),
    line.memoryBytes === 0 ? '-' : bytesText(line.memoryBytes),
    printable(line.reason ?? ''),
  ]);
  return table(headings, rows, bold);
}

/** Loads. */
export async function runLoad({
  args: [given = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<LoadFlags>): Promise<ExitCode | undefined> {
  const target = modelTarget(given);
  const force = options.force === true ? { force: true } : {};
  const entry = target.type === 'file' ? await entryOfFile(target.path, options) : undefined;
  const name = entry?.name ?? given;
  const { node, address } = await withCluster(config, signal, async (ask) => {
    const home = entry === undefined ? (await homesOf(ask, options.node, name))[0] : await nodeFor(ask, options.node);
    if (entry !== undefined) await ensureRegistry(ask, home);
    const order = entry === undefined ? { name, ...force } : { entry, ...force };
    output.note(`loading ${name} on ${home} ...`);
    return { node: home, ...readyModel.parse(await callRegistry(ask, home, 'load', order, LOAD_MS)) };
  });
  output.result({ name, node, address }, `${name} is ready on ${node} (${address})`);
  return undefined;
}

/** Swaps. */
export async function runSwap({
  args: [name = '', file = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<LoadFlags>): Promise<ExitCode | undefined> {
  const entry = await entryOfFile(file, { ...options, name });
  const { node, address } = await withCluster(config, signal, async (ask) => {
    const home = await homeOf(ask, options.node, name);
    return { node: home, ...readyModel.parse(await callRegistry(ask, home, 'swap', { name, entry }, LOAD_MS)) };
  });
  output.result({ name, node, address }, `${name} on ${node} is now ${file}`);
  return undefined;
}

/** Unloads. */
export async function runUnload({
  args: [name = ''],
  config,
  options,
  output,
  signal,
}: CommandContext<NodeFlags>): Promise<ExitCode | undefined> {
  const node = await withCluster(config, signal, async (ask) => {
    const home = await homeOf(ask, options.node, name);
    await callRegistry(ask, home, 'unload', { name }, LOAD_MS);
    return home;
  });
  output.result({ name, node }, `${name} is unloaded on ${node}`);
  return undefined;
}
