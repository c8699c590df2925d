/**
 * A cluster of node processes on this machine, with a `nats-server` of its own when no url is given. What is started is
 * stopped again, in the reverse order, also when the start fails half-way.
 */
import { mkdir } from 'node:fs/promises';
import { SkepError } from '#protocols/wire/error';
import { type NatsServer, startNatsServer } from '#cluster/transport/nats-server';
import { type NodeProcess, startNodeProcess } from './node-process.js';

/** How a cluster is launched. */
export interface ClusterProcessOptions {
  readonly cluster: string;
  readonly nodes: number;
  /** Server to use; absent: one is started on a free loopback port. */
  readonly natsUrl?: string;
  /** Program of the server; absent: from the PATH. */
  readonly natsProgram?: string;
  readonly executors: number;
  readonly logLevel: string;
  /** Folder for logs and the server's files. */
  readonly dir: string;
  readonly modules: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Told of each node that is ready. */
  readonly onReady: (node: NodeProcess) => void;
  /** Stops waiting and takes everything down. */
  readonly signal: AbortSignal;
}

const START_MS = 30_000;
const GRACE_MS = 10_000;

/** Running node processes. */
export class ClusterProcess {
  readonly natsUrl: string;
  readonly nodes: readonly NodeProcess[];
  /** The server, when it is ours. */
  readonly server: NatsServer | undefined;

  private constructor(natsUrl: string, nodes: readonly NodeProcess[], server: NatsServer | undefined) {
    this.natsUrl = natsUrl;
    this.nodes = nodes;
    this.server = server;
  }

  /** Launches; resolves when every node is ready. @throws SkepError of the first node that failed, or JOB_CANCELLED. */
  static async start(options: ClusterProcessOptions): Promise<ClusterProcess> {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const server =
      options.natsUrl === undefined
        ? await startNatsServer({ storeDir: options.dir, ...(options.natsProgram === undefined ? {} : { program: options.natsProgram }) })
        : undefined;
    const natsUrl = options.natsUrl ?? server?.url ?? '';
    const names = Array.from({ length: options.nodes }, (_, index) => `node-${index + 1}`);
    const started = await Promise.allSettled(names.map((name) => startOne(name, natsUrl, options)));
    const nodes = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const cluster = new ClusterProcess(natsUrl, nodes, server);
    const failed = started.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined && !options.signal.aborted) return cluster;
    await cluster.stop();
    throw failed?.reason ?? new SkepError('JOB_CANCELLED', 'interrupted while the nodes started');
  }

  /** Stops the nodes, latest first, then the server. */
  async stop(): Promise<void> {
    for (const node of this.nodes.toReversed()) await node.stop(GRACE_MS);
    await this.server?.stop();
  }
}

async function startOne(name: string, natsUrl: string, options: ClusterProcessOptions): Promise<NodeProcess> {
  const { cluster, executors, logLevel, dir, modules, env } = options;
  const node = await startNodeProcess({ cluster, name, natsUrl, executors, logLevel, logDir: dir, modules, env, startMs: START_MS });
  options.onReady(node);
  return node;
}
