/** `skep down`: stops the cluster that a `skep up` on this machine runs, and waits until it is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { SkepError } from '#protocols/wire/error';
import { addCommand, type CommandContext, wholeNumber } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { isAlive, signalProcess } from '../launch/process-identity.js';
import { clusterFolder, findRun, readRun, removeRun, runFileIn, type RunRecord } from '../launch/run-file.js';
import type { Output } from '../output.js';

interface DownOptions {
  readonly timeout: number;
  readonly force?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Time in which the kernel takes away what was killed. */
const KILL_MS = 5_000;
const POLL_MS = 50;

/** Adds `skep down`. */
export function downCommand(program: Command): void {
  addCommand<DownOptions>(
    program,
    {
      usage: 'down',
      summary: 'Stop the cluster that `skep up` runs here.',
      examples: ['skep down', 'skep down --cluster demo --timeout 5000 --force'],
      options: [
        new Option('--timeout <ms>', 'time to wait for the cluster to end, in milliseconds')
          .default(DEFAULT_TIMEOUT_MS)
          .argParser(wholeNumber(0, 3_600_000)),
        new Option('--force', 'kill what has not ended by then'),
      ],
      run: runDown,
    },
    ['cluster', 'dataDir'],
  );
}

async function runDown({
  config,
  options,
  output,
  signal,
}: CommandContext<DownOptions>): Promise<ExitCode | undefined> {
  const path = runFileIn(clusterFolder(config));
  const record = await findRun(path);
  if (record === undefined) throw await nothingRuns(path, config.cluster.name);
  const { cluster, up } = record;
  output.note(`stopping cluster ${cluster} (process ${up.pid}, ${record.nodes.length} node(s))`);
  signalProcess(up, 'SIGTERM');
  const inOrder = await gone(record, options.timeout, signal, output);
  if (signal.aborted) return undefined;
  if (!inOrder) await kill(record, options, signal, output);
  await removeRun(path, up.pid);
  const text = inOrder ? `cluster ${cluster} is down` : `cluster ${cluster} was killed`;
  output.result({ cluster, pid: up.pid, killed: !inOrder }, text);
  return undefined;
}

/** The error for a cluster that does not run here; a file that an ended process left is removed. */
async function nothingRuns(path: string, cluster: string): Promise<SkepError> {
  const stale = await readRun(path);
  if (stale !== undefined) await removeRun(path, stale.up.pid);
  const left =
    stale === undefined ? '' : `; process ${stale.up.pid} had ended and left its run file, which is removed now`;
  return new SkepError('NO_CLUSTER', `no cluster ${cluster} was started here (${path})${left}`, { cluster, path });
}

async function kill(record: RunRecord, options: DownOptions, signal: AbortSignal, output: Output): Promise<void> {
  const { cluster, up, nodes, server } = record;
  if (options.force !== true) {
    throw new SkepError(
      'CALL_TIMEOUT',
      `cluster ${cluster} (process ${up.pid}) has not ended within ${options.timeout} ms; it goes on stopping, --force kills it`,
      { cluster, pid: up.pid },
    );
  }
  output.warn(`not ended within ${options.timeout} ms: killing`);
  for (const identity of [up, ...nodes, ...(server === null ? [] : [server])]) signalProcess(identity, 'SIGKILL');
  if (await gone(record, KILL_MS, signal, output)) return;
  throw new SkepError(
    'CALL_TIMEOUT',
    `cluster ${cluster} (process ${up.pid}) could not be killed within ${KILL_MS} ms`,
    { cluster, pid: up.pid },
  );
}

/** Waits until every process of the cluster is gone, telling of each node that is; false after `timeoutMs`. */
async function gone(record: RunRecord, timeoutMs: number, signal: AbortSignal, output: Output): Promise<boolean> {
  const waiting = new Set(record.nodes);
  const rest = [record.up, ...(record.server === null ? [] : [record.server])];
  for (const endMs = performance.now() + timeoutMs; ; await sleep(POLL_MS)) {
    for (const node of waiting) {
      if (isAlive(node)) continue;
      waiting.delete(node);
      output.note(`${node.name} has ended`);
    }
    if (waiting.size === 0 && !rest.some(isAlive)) return true;
    if (signal.aborted || performance.now() > endMs) return false;
  }
}
