/**
 * A node of a cluster: an actor system whose executors can reach other nodes, a membership that tells who they are, and
 * the spawn API. Without a bus it is a cluster of one, with the same actors on it, so that nothing above has two paths.
 */
import { availableParallelism, hostname } from 'node:os';
import {
  type ActorDefaults,
  ActorSystem,
  type ActorRef,
  type AnyDefinition,
  type ExecutorDeath,
  type LogOptions,
  type SkepError,
  type StoreOptions,
  type TelemetryOptions,
  type ThreadSettings,
} from '#runtime';
import { systemClock } from '#runtime/clock/clock';
import { createLogger } from '#runtime/telemetry/log';
import { DeathNews } from './deaths.js';
import { members, MEMBERS_NAME, type NodeInfo } from './membership/members.js';
import { Membership } from './membership/service.js';
import { serveSpawnApi } from './spawn/service.js';
import { connectTransport } from './transport/connect.js';
import type { NatsOptions } from './transport/nats-options.js';
import type { Transport, Unsubscribe } from './transport/port.js';

/** How often a node says that it lives, and after which silence it counts as dead, in milliseconds. */
export interface MembershipTiming {
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
}

/** How a node is made. */
export interface NodeOptions extends ThreadSettings {
  readonly cluster: string;
  readonly name: string;
  /** `worker` nodes host agents; `client` nodes only talk to others. */
  readonly roles: readonly string[];
  /** Default executors, each a thread; 0 for none but the calling thread. */
  readonly executors: number;
  /** File URLs of modules with definitions. */
  readonly modules: readonly string[];
  readonly definitions?: readonly AnyDefinition[];
  readonly log: LogOptions;
  /** Version of skep, for the service's identity. */
  readonly version: string;
  readonly callTimeoutMs: number;
  /** For definitions that set no mailbox or restart intensity of their own. */
  readonly defaults: ActorDefaults;
  /** What placement or people may tell nodes apart by, such as `{ zone: 'a' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where actors keep what they persist; absent: nowhere, and those that need a store do not start. */
  readonly store?: StoreOptions;
  /** Where spans go and what is kept of dead letters; absent: no spans, and the runtime's default. */
  readonly telemetry?: TelemetryOptions;
  /** Absent: a cluster of one, without a bus. */
  readonly bus?: { readonly nats: NatsOptions; readonly membership: MembershipTiming };
  readonly onFatal: (error: SkepError) => void;
}

/** A running node. */
export class ClusterNode {
  readonly system: ActorSystem;
  readonly cluster: string;
  readonly self: NodeInfo;
  #members: readonly NodeInfo[];
  #view: ActorRef<typeof members> | undefined;
  readonly #listeners = new Set<(members: readonly NodeInfo[]) => void>();
  #bus:
    | {
        readonly transport: Transport;
        readonly membership: Membership;
        readonly stopApi: Unsubscribe;
        readonly deaths: DeathNews;
      }
    | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(cluster: string, system: ActorSystem, self: NodeInfo) {
    this.cluster = cluster;
    this.system = system;
    this.self = self;
    this.#members = [self];
  }

  /**
   * Starts a node; resolves once it takes part in the cluster.
   * @throws SkepError TRANSPORT_FAILED, NODE_NAME_TAKEN, or what a module is at fault for.
   */
  static async start(options: NodeOptions): Promise<ClusterNode> {
    const incarnation = Date.now().toString(36);
    const { cluster, name, bus } = options;
    const link = new URL('./executor-link.js', import.meta.url).href;
    const { scheduling, executorHeapMb, threadIntensity } = options;
    const started: { node?: ClusterNode } = {};
    const system = await ActorSystem.create({
      node: name,
      incarnation,
      executors: options.executors,
      modules: [new URL('./membership/members.js', import.meta.url).href, ...options.modules],
      ...(options.definitions === undefined ? {} : { definitions: options.definitions }),
      extensions: bus === undefined ? [] : [{ module: link, options: { cluster, nats: bus.nats } }],
      log: options.log,
      callTimeoutMs: options.callTimeoutMs,
      defaults: options.defaults,
      ...(options.telemetry === undefined ? {} : { telemetry: options.telemetry }),
      ...(scheduling === undefined ? {} : { scheduling }),
      ...(executorHeapMb === undefined ? {} : { executorHeapMb }),
      ...(threadIntensity === undefined ? {} : { threadIntensity }),
      ...(options.store === undefined ? {} : { store: options.store }),
      onFatal: options.onFatal,
      onExecutorDeath: async (death, replaced) => started.node?.tellDeath(death, replaced),
    });
    const executors = options.executors === 0 ? [0] : system.executors.filter((id) => id !== 0);
    const node = new ClusterNode(cluster, system, {
      name,
      incarnation,
      pid: process.pid,
      roles: options.roles,
      labels: options.labels,
      executors,
    });
    started.node = node;
    try {
      node.#view = await system.spawn(members, { members: node.#members }, { name: MEMBERS_NAME, executor: 'system' });
      if (bus !== undefined) await node.#join(bus, options);
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  async #join(bus: NonNullable<NodeOptions['bus']>, options: NodeOptions): Promise<void> {
    const log = createLogger(options.log, { node: this.self.name });
    // The control connection of the main thread is beside those of the executors, so heartbeats never wait behind data.
    const transport = await connectTransport(
      { cluster: this.cluster, node: this.self.name, executor: CONTROL_EXECUTOR },
      { nats: bus.nats },
    );
    const { name, incarnation } = this.self;
    const membership = await Membership.join({
      transport,
      clock: systemClock,
      self: { ...this.self, host: hostname(), cores: availableParallelism(), load: 0 },
      intervalMs: bus.membership.heartbeatMs,
      timeoutMs: bus.membership.timeoutMs,
      onNameConflict: options.onFatal,
      onError: (error) => log.warn('membership', { error }),
    });
    membership.onChange((change) => {
      const facts = { member: change.member.name, incarnation: change.member.incarnation };
      if (change.type === 'up') log.info('node up', facts);
      else {
        log.info('node down', { ...facts, reason: change.reason });
        void this.system.nodeDown(change.member.name, change.member.incarnation);
      }
      this.#changed(membership.members());
    });
    this.#changed(membership.members());
    const stopApi = serveSpawnApi(
      transport.services,
      { system: this.system, cluster: this.cluster, members: () => this.#members },
      {
        version: options.version,
        id: `${name}-${incarnation}`,
        metadata: { cluster: this.cluster, node: name },
      },
    );
    await transport.flush();
    const deaths = new DeathNews(transport, this.self, () => this.#members);
    this.#bus = { transport, membership, stopApi, deaths };
  }

  /** Tells the other nodes of a thread of this one. */
  private async tellDeath(death: ExecutorDeath, replaced: boolean): Promise<void> {
    await this.#bus?.deaths.tell(death, replaced);
  }

  #changed(view: readonly NodeInfo[]): void {
    this.#members = view.map(({ name, incarnation, pid, roles, labels, executors }) => {
      return { name, incarnation, pid, roles, labels, executors };
    });
    this.#view?.cast('changed', { members: this.#members });
    for (const listener of this.#listeners) listener(this.#members);
  }

  /** Living nodes, this one included, sorted by name. */
  members(): readonly NodeInfo[] {
    return this.#members;
  }

  /** Calls `listener` at each change of the view. */
  onMembers(listener: (members: readonly NodeInfo[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Leaves the cluster and stops all actors, in that order. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#bus?.stopApi();
    this.#bus?.deaths.close();
    await this.#bus?.membership.leave();
    await this.system.shutdown();
    await this.#bus?.transport.close();
  }
}

/** Executor number of the main thread's own connection; no frames are addressed to it. */
const CONTROL_EXECUTOR = 9_999;
