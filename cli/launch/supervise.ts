/**
 * Keeps a launched cluster alive: a node process or a server of ours that ends unasked is started again, until it ends
 * more often than the restart intensity allows. The same rule as for actors, one level up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkepError, toWireError } from '#protocols/wire/error';
import { addRestart, backoffMs, type RestartIntensity } from '#runtime/supervision/intensity';
import type { ClusterProcess } from './cluster-process.js';
import { exitText, type NodeProcess, type ProcessExit } from './node-process.js';

/** What a supervisor tells. */
export type SupervisionEvent =
  | { readonly type: 'ended'; readonly what: string; readonly how: string }
  | { readonly type: 'restarted'; readonly what: string; readonly pid: number }
  | { readonly type: 'restart-failed'; readonly what: string; readonly why: string }
  | { readonly type: 'given-up'; readonly what: string };

/** How to supervise. */
export interface SupervisionOptions {
  /** Whether what ended is started again. */
  readonly restart: boolean;
  /** Ends the supervision; what still runs is not touched. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: SupervisionEvent) => void;
}

const INTENSITY: RestartIntensity = { maxRestarts: 3, withinMs: 60_000 };
const BACKOFF = { firstMs: 100, maxMs: 2_000 };

/** Something that runs, and how to start it again. */
interface Kept {
  readonly what: string;
  readonly exited: Promise<ProcessExit>;
  readonly again: () => Promise<Kept & { readonly pid: number }>;
}

/**
 * Supervises until the signal, or until no node or no server is left.
 * @returns CLUSTER_FAILED in the second case.
 */
export async function superviseCluster(
  cluster: ClusterProcess,
  options: SupervisionOptions,
): Promise<SkepError | undefined> {
  const over = new AbortController();
  const inner = { ...options, signal: AbortSignal.any([options.signal, over.signal]) };
  const nodes = cluster.nodes.map((node) => keep(nodeOf(cluster, node), inner));
  const nodesGone = Promise.all(nodes).then(() => failure('every node has ended', cluster, nodes.length));
  const serverGone =
    cluster.server === undefined
      ? []
      : [
          keep(serverOf(cluster, cluster.server), inner).then(() =>
            failure('nats-server has ended', cluster, nodes.length),
          ),
        ];
  const first = await Promise.race([nodesGone, ...serverGone]);
  over.abort();
  // A restart under way ends before the caller takes the cluster down, so that nothing appears after that.
  await Promise.all([nodesGone, ...serverGone]);
  return options.signal.aborted ? undefined : first;
}

function failure(what: string, cluster: ClusterProcess, nodes: number): SkepError {
  return new SkepError('CLUSTER_FAILED', `${what}, and cannot be started again; see the logs in ${cluster.dir}`, {
    nodes,
    logs: cluster.dir,
  });
}

function nodeOf(cluster: ClusterProcess, node: NodeProcess): Kept & { readonly pid: number } {
  const { name, pid, exited } = node;
  return { what: name, pid, exited, again: async () => nodeOf(cluster, await cluster.startNode(name)) };
}

function serverOf(
  cluster: ClusterProcess,
  server: NonNullable<ClusterProcess['server']>,
): Kept & { readonly pid: number } {
  const { pid, exited } = server;
  return {
    what: 'nats-server',
    pid,
    exited,
    again: async () => serverOf(cluster, await cluster.restartServer(server)),
  };
}

/** Resolves when it has ended for good, or at the signal. */
async function keep(first: Kept, options: SupervisionOptions): Promise<void> {
  const { signal, onEvent } = options;
  let history: readonly number[] = [];
  let current: Kept | undefined = first;
  while (current !== undefined) {
    const exit: ProcessExit | undefined = await endOf(current.exited, signal);
    if (exit === undefined) return;
    onEvent({ type: 'ended', what: first.what, how: exitText(exit) });
    const next: Restarted | undefined = options.restart ? await startAgain(current, history, options) : undefined;
    if (next === undefined && !signal.aborted) onEvent({ type: 'given-up', what: first.what });
    history = next?.history ?? history;
    current = next?.kept;
  }
}

interface Restarted {
  readonly kept: Kept;
  /** Times of the restarts inside the window. */
  readonly history: readonly number[];
}

/** Starts what ended, trying again as long as the intensity allows; undefined when it does not, or at the signal. */
async function startAgain(
  ended: Kept,
  before: readonly number[],
  { signal, onEvent }: SupervisionOptions,
): Promise<Restarted | undefined> {
  let { allowed, history } = addRestart(before, performance.now(), INTENSITY);
  while (allowed && !signal.aborted) {
    try {
      await sleep(backoffMs(history.length, BACKOFF), undefined, { signal });
      const kept = await ended.again();
      onEvent({ type: 'restarted', what: kept.what, pid: kept.pid });
      return { kept, history };
    } catch (error) {
      if (signal.aborted) return undefined;
      const { code, message } = toWireError(error);
      onEvent({ type: 'restart-failed', what: ended.what, why: `${code}: ${message}` });
    }
    ({ allowed, history } = addRestart(history, performance.now(), INTENSITY));
  }
  return undefined;
}

/** How it ended; undefined when the signal came first. */
function endOf(exited: Promise<ProcessExit>, signal: AbortSignal): Promise<ProcessExit | undefined> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void exited.then((exit) => {
      signal.removeEventListener('abort', stop);
      resolve(exit);
    });
  });
}
