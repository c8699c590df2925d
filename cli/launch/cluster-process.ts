/**
 * A cluster of node processes on this machine, with a `nats-server` of its own when no url is given. What is started is
 * stopped again, in the reverse order, also when the start fails half-way. A node or the server that ended can be started
 * again in its place: the node under its name, the server on its port, where the nodes find it again by themselves.
 */
import { SkepError } from '#protocols/wire/error';
import { type NatsServer, startNatsServer } from '#cluster/transport/nats-server';
import { type NodeProcess, startNodeProcess } from './node-process.js';
import { ensurePrivateFolder } from './private-folder.js';

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
  /** Told of each node that is ready at the start. */
  readonly onReady: (node: NodeProcess) => void;
  /** Stops waiting and takes everything down. */
  readonly signal: AbortSignal;
}

const START_MS = 30_000;
const GRACE_MS = 10_000;

/** Running node processes. */
export class ClusterProcess {
  readonly natsUrl: string;
  readonly #options: ClusterProcessOptions;
  readonly #names: readonly string[];
  readonly #nodes = new Map<string, NodeProcess>();
  #server: NatsServer | undefined;

  private constructor(natsUrl: string, server: NatsServer | undefined, options: ClusterProcessOptions) {
    this.natsUrl = natsUrl;
    this.#server = server;
    this.#options = options;
    this.#names = Array.from({ length: options.nodes }, (_, index) => `node-${index + 1}`);
  }

  /** Launches; resolves when every node is ready. @throws SkepError of the first node that failed, or JOB_CANCELLED. */
  static async start(options: ClusterProcessOptions): Promise<ClusterProcess> {
    await ensurePrivateFolder(options.dir);
    const server = options.natsUrl === undefined ? await startNatsServer(serverOptions(options)) : undefined;
    const cluster = new ClusterProcess(options.natsUrl ?? server?.url ?? '', server, options);
    const started = await Promise.allSettled(
      cluster.#names.map(async (name) => options.onReady(await cluster.startNode(name))),
    );
    const failed = started.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined && !options.signal.aborted) return cluster;
    await cluster.stop();
    throw failed?.reason ?? new SkepError('JOB_CANCELLED', 'interrupted while the nodes started');
  }

  /** The nodes that have not ended, in the order of their numbers. */
  get nodes(): readonly NodeProcess[] {
    return this.#names.flatMap((name) => this.#nodes.get(name) ?? []);
  }

  /** Folder of the logs. */
  get dir(): string {
    return this.#options.dir;
  }

  /** The server, when it is ours. */
  get server(): NatsServer | undefined {
    return this.#server;
  }

  /** Starts the node of that name, which must not be running. @throws SkepError when it is not ready in time. */
  async startNode(name: string): Promise<NodeProcess> {
    const { cluster, executors, logLevel, dir, modules, env, signal } = this.#options;
    const settings = { cluster, name, natsUrl: this.natsUrl, executors, logLevel, logDir: dir, modules, env };
    const node = await startNodeProcess({ ...settings, startMs: START_MS, signal });
    this.#nodes.set(name, node);
    void node.exited.then(() => {
      if (this.#nodes.get(name) === node) this.#nodes.delete(name);
    });
    return node;
  }

  /** Starts a server of ours that has ended again, on the port it had. */
  async restartServer(ended: NatsServer): Promise<NatsServer> {
    this.#server = await startNatsServer({ ...serverOptions(this.#options), port: ended.port });
    return this.#server;
  }

  /** Stops the nodes, latest first, then the server; tells of each that is gone. */
  async stop(onStopped: (what: string) => void = () => {}): Promise<void> {
    for (const node of this.nodes.toReversed()) {
      const { signal } = await node.stop(GRACE_MS);
      onStopped(
        `${node.name} stopped${signal === 'SIGKILL' ? `: killed, because it did not end within ${GRACE_MS} ms` : ''}`,
      );
    }
    if (this.#server === undefined) return;
    await this.#server.stop();
    onStopped('nats-server stopped');
  }
}

function serverOptions({ dir, natsProgram }: ClusterProcessOptions): {
  readonly storeDir: string;
  readonly program?: string;
} {
  return { storeDir: dir, ...(natsProgram === undefined ? {} : { program: natsProgram }) };
}
