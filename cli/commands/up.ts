/** `skep up`: a cluster of node processes on this machine, kept alive in the foreground until Ctrl-C or `skep down`. */
import { type Command, Option } from 'commander';
import { maskUrl } from '#config/mask';
import { type SkepError, unreachable } from '#protocols/wire/error';
import { addCommand, type CommandContext, repeated, wholeNumber } from '../command.js';
import { type ExitCode, exitCodeOf } from '../exit-codes.js';
import { ClusterProcess } from '../launch/cluster-process.js';
import { executorsPerNode, nodeEnvironment } from '../launch/node-options.js';
import { identify } from '../launch/process-identity.js';
import { claimRun, clusterFolder, removeRun, runFileIn, type RunRecord, updateRun } from '../launch/run-file.js';
import { superviseCluster, type SupervisionEvent } from '../launch/supervise.js';
import { type Output, table } from '../output.js';

interface UpOptions {
  readonly nodes: number;
  readonly module: readonly string[];
  readonly restart: boolean;
  readonly config?: string;
  readonly preset?: string;
}

/** Adds `skep up`. */
export function upCommand(program: Command): void {
  addCommand<UpOptions>(
    program,
    {
      usage: 'up',
      summary: 'Start a cluster of node processes, with a nats-server of its own unless a url is given.',
      examples: [
        'skep up --nodes 3',
        'skep up --cluster demo --nodes 2 --module ./my-actors.js',
        'skep up --nodes 3 --nats nats://127.0.0.1:4222',
      ],
      options: [
        new Option('--nodes <n>', 'node processes').default(1).argParser(wholeNumber(1, 64)),
        new Option('--module <file>', 'compiled module with definitions to load; may be repeated')
          .argParser(repeated)
          .default([], 'none'),
        new Option('--no-restart', 'leave a node process that ends unasked as it is'),
      ],
      run: runUp,
    },
    ['cluster', 'nats', 'dataDir', 'executors', 'logLevel'],
  );
}

async function runUp(context: CommandContext<UpOptions>): Promise<ExitCode | undefined> {
  const { config, output, signal } = context;
  const path = runFileIn(clusterFolder(config));
  const up = identify(process.pid);
  const cluster = config.cluster.name;
  await claimRun(path, { cluster, status: 'starting', up, url: null, server: null, nodes: [] });
  try {
    const processes = await start(context);
    try {
      const failure = await keepUp(context, processes, path, up);
      output.note(failure === undefined ? 'stopping' : 'stopping what is left');
      return failure === undefined ? undefined : exitCodeOf(failure.code);
    } finally {
      await processes.stop((what) => output.note(what));
      if (signal.aborted) output.note(`cluster ${cluster} is down`);
    }
  } finally {
    await removeRun(path, up.pid);
  }
}

/** Announces the cluster and supervises it until it is interrupted, or fails; the run file follows each restart. */
async function keepUp(
  { config, options, output, signal }: CommandContext<UpOptions>,
  processes: ClusterProcess,
  path: string,
  up: RunRecord['up'],
): Promise<SkepError | undefined> {
  const record = (): RunRecord => recordOf(config.cluster.name, up, processes);
  await updateRun(path, record());
  announce(output, record());
  let written = Promise.resolve();
  const onEvent = (event: SupervisionEvent): void => {
    tell(event, output);
    // Best effort: without it `skep down --force` misses a node, which ends by itself when its parent does.
    written = written.then(() => updateRun(path, record())).catch(() => {});
  };
  const failure = await superviseCluster(processes, { restart: options.restart, signal, onEvent });
  await written;
  if (failure !== undefined) output.error(failure);
  return failure;
}

function start({ config, loaded, options, output, signal }: CommandContext<UpOptions>): Promise<ClusterProcess> {
  output.note(`cluster ${config.cluster.name} starts with ${options.nodes} node(s)`);
  return ClusterProcess.start({
    cluster: config.cluster.name,
    nodes: options.nodes,
    ...(config.nats.url === undefined ? {} : { natsUrl: config.nats.url }),
    ...(config.nats.serverPath === undefined ? {} : { natsProgram: config.nats.serverPath }),
    executors: executorsPerNode(loaded, options.nodes),
    logLevel: config.log.level,
    dir: clusterFolder(config),
    modules: options.module,
    env: nodeEnvironment(config, options),
    onReady: (node) => output.note(`${node.name} is ready (pid ${node.pid})`),
    signal,
  });
}

function recordOf(cluster: string, up: RunRecord['up'], processes: ClusterProcess): RunRecord {
  const { nodes, server, natsUrl } = processes;
  return {
    cluster,
    status: 'ready',
    up,
    url: natsUrl,
    server: server === undefined ? null : identify(server.pid),
    nodes: nodes.map(({ name, pid, executors, logFile }) => ({ ...identify(pid), name, executors, logFile })),
  };
}

function announce(output: Output, record: RunRecord): void {
  const { cluster, up, server, nodes } = record;
  const url = maskUrl(record.url ?? '');
  const shown = nodes.map(({ name, pid, executors, logFile }) => ({ name, pid, executors, logFile }));
  const rows = shown.map((node) => [node.name, String(node.pid), String(node.executors), node.logFile]);
  const text = [
    table(['NODE', 'PID', 'EXECUTORS', 'LOG'], rows, output.colours.bold),
    '',
    `cluster ${cluster} is ready at ${url}; Ctrl-C or \`skep down${cluster === 'default' ? '' : ` --cluster ${cluster}`}\` stops it`,
  ];
  output.result({ cluster, url, pid: up.pid, server: server?.pid ?? null, nodes: shown }, text.join('\n'));
}

function tell(event: SupervisionEvent, output: Output): void {
  switch (event.type) {
    case 'ended':
      return output.warn(`${event.what} ended unasked (${event.how})`);
    case 'restarted':
      return output.note(`${event.what} runs again (pid ${event.pid})`);
    case 'restart-failed':
      return output.warn(`${event.what} could not be started again: ${event.why}`);
    case 'given-up':
      return output.warn(`${event.what} is given up`);
    default:
      return unreachable(event);
  }
}
