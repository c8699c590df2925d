/** `skep node start`: runs one node of a cluster in this process until it is told to stop. */
import { type Command, Option } from 'commander';
import { ClusterNode } from '#cluster/node';
import { type SkepError, toWireError } from '#protocols/wire/error';
import { createLogger } from '#runtime/telemetry/log';
import { addCommand, type CommandContext } from '../command.js';
import { type ExitCode, exitCodeOf } from '../exit-codes.js';
import { parentOf } from '../launch/managed.js';
import { startModels } from '../launch/models.js';
import { logOptions, nodeOptions, storeOptions } from '../launch/node-options.js';

interface NodeStartOptions {
  readonly role: string;
  readonly module: readonly string[];
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Adds `skep node` with its sub-commands. */
export function nodeCommand(program: Command): void {
  const node = program.command('node').description('Run a node of a cluster in this process.');
  addCommand<NodeStartOptions>(
    node,
    {
      usage: 'start',
      summary: 'Start a node and keep it running until Ctrl-C.',
      examples: [
        'skep node start --cluster demo --name alpha --nats nats://127.0.0.1:4222',
        'skep node start --name beta --executors 4 --module ./my-actors.js',
      ],
      options: [
        new Option('--role <role>', 'worker nodes host agents, client nodes do not')
          .choices(['worker', 'client'])
          .default('worker'),
        new Option('--module <file>', 'compiled module with definitions to load; may be repeated')
          .argParser(collect)
          .default([], 'none'),
      ],
      run: runNode,
    },
    ['cluster', 'name', 'nats', 'dataDir', 'executors', 'logLevel', 'logFormat'],
  );
}

/** A node that cannot drain in this time is ended all the same. */
const STOP_MS = 15_000;

async function runNode({
  config,
  options,
  output,
  signal,
}: CommandContext<NodeStartOptions>): Promise<ExitCode | undefined> {
  const parent = parentOf(process);
  const log = createLogger(logOptions(config), { node: config.node.name });
  const ended = endOf([signal, ...(parent === undefined ? [] : [parent.signal])]);
  let fatal: SkepError | undefined;
  try {
    const node = await ClusterNode.start(
      nodeOptions(config, {
        name: config.node.name,
        roles: [options.role],
        executors: config.node.executors,
        modules: options.module,
        store: storeOptions(config),
        bus: true,
        log: logOptions(config),
        onFatal: (error) => {
          fatal ??= error;
          ended.now();
        },
      }),
    );
    const { name, incarnation, pid } = node.self;
    if (options.role === 'worker') await startModels(node.system, config);
    log.info('node ready', { name, incarnation, pid, executors: config.node.executors, cluster: config.cluster.name });
    parent?.tell({ type: 'ready', name, incarnation, pid, executors: config.node.executors });
    if (parent === undefined)
      output.result(
        { name, incarnation, pid, cluster: config.cluster.name, status: 'ready' },
        `node ${name} is ready in cluster ${config.cluster.name} (pid ${pid}); Ctrl-C stops it`,
      );
    await ended.promise;
    log.info('node stops', { name });
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await node.stop();
  } catch (error) {
    parent?.tell({ type: 'failed', error: toWireError(error) });
    if (parent !== undefined) log.error('node failed', { error });
    throw error;
  } finally {
    if (parent !== undefined) process.disconnect?.();
  }
  if (fatal === undefined) return undefined;
  log.error('node ended', { error: fatal });
  output.error(fatal);
  return exitCodeOf(fatal.code);
}

/** Resolves at the first of the signals, or when told. */
function endOf(signals: readonly AbortSignal[]): { readonly promise: Promise<void>; readonly now: () => void } {
  let now: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    now = resolve;
  });
  for (const signal of signals) {
    if (signal.aborted) now();
    else signal.addEventListener('abort', now, { once: true });
  }
  return { promise, now };
}
