/**
 * The actor system of one node, as code outside of actors sees it: spawn, ref, lookup, stop. With executors in threads
 * the main thread keeps an edge executor of its own, which takes part in the mesh and hosts no actors of users; without
 * threads (`executors: 0`) one executor on the main thread is everything, which is what most tests want.
 */
import { hostname } from 'node:os';
import { type ActorAddress, executorAddress, formatAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import type { SkepError } from '#protocols/wire/error';
import type { SpawnOptions } from './actor/context.js';
import type { AnyDefinition, ArgsOf } from './actor/definition.js';
import { type ActorRef, type CallOptions, makeRef, type Messenger, type RefTarget } from './actor/ref.js';
import type { DefinitionSummary } from './actor/registry.js';
import { buildExecutor, type BuiltExecutor, type ExecutorSpec } from './executor/build.js';
import { specOf } from './executor/cell-context.js';
import type { ActorSummary, ExecutorReport, Topology } from './executor/executor.js';
import type { ExtensionSpec } from './executor/extension.js';
import { Threads } from './executor/threads.js';
import { EDGE_EXECUTOR, FIRST_SERIAL, GUARDIAN_SERIAL, SYSTEM_EXECUTOR } from './executor/well-known.js';
import { createLogger, type LogOptions } from './telemetry/log.js';

/** How a system is made. */
export interface SystemOptions {
  /** Name of the node: 1 to 64 letters, digits, "-", "_". Default: made from the host name. */
  readonly node?: string;
  /** Base-36 text that differs from one life of the node to the next. Default: the start time. */
  readonly incarnation?: string;
  /** Default executors in threads. 0: everything on the calling thread. Default 0. */
  readonly executors?: number;
  /** File URLs of compiled modules whose exported definitions every executor registers. */
  readonly modules?: readonly string[];
  /** Definitions registered without a module; only without threads. */
  readonly definitions?: readonly AnyDefinition[];
  readonly extensions?: readonly ExtensionSpec[];
  /** Default: warnings, as JSON, to standard error. */
  readonly log?: LogOptions;
  /** Default deadline of calls. Default 5000. */
  readonly callTimeoutMs?: number;
  /** Time an actor has to stop. Default 5000. */
  readonly shutdownMs?: number;
  /** Called when the node cannot go on. Default: the error is thrown as uncaught. */
  readonly onFatal?: (error: SkepError) => void;
}

/** A running system. */
export class ActorSystem implements Messenger {
  readonly node: string;
  readonly incarnation: string;
  /** Ids of the executors that host actors. */
  readonly executors: readonly number[];
  readonly #edge: BuiltExecutor;
  readonly #threads: Threads | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(node: string, incarnation: string, executors: readonly number[], edge: BuiltExecutor, threads: Threads | undefined) {
    this.node = node;
    this.incarnation = incarnation;
    this.executors = executors;
    this.#edge = edge;
    this.#threads = threads;
  }

  /** Starts a system. @throws SkepError when a module, a definition or an extension is at fault. */
  static async create(options: SystemOptions = {}): Promise<ActorSystem> {
    const node = options.node ?? defaultNodeName();
    const incarnation = options.incarnation ?? Date.now().toString(36);
    const count = options.executors ?? 0;
    const defaults = count === 0 ? [SYSTEM_EXECUTOR] : Array.from({ length: count }, (_, index) => index + 1);
    const log: LogOptions = options.log ?? { level: 'warn', format: 'json' };
    const specOfExecutor = (id: number): ExecutorSpec => ({
      node,
      incarnation,
      id,
      topology: { defaults } satisfies Topology,
      modules: options.modules ?? [],
      extensions: options.extensions ?? [],
      log,
      callTimeoutMs: options.callTimeoutMs ?? 5_000,
      shutdownMs: options.shutdownMs ?? 5_000,
      firstSerial: FIRST_SERIAL,
    });
    if (count === 0) {
      const only = await buildExecutor(specOfExecutor(SYSTEM_EXECUTOR), options.definitions);
      return new ActorSystem(node, incarnation, defaults, only, undefined);
    }
    const edge = await buildExecutor(specOfExecutor(EDGE_EXECUTOR), options.definitions);
    const ids = [SYSTEM_EXECUTOR, ...defaults];
    const onFatal = options.onFatal ?? ((error) => { throw error; });
    const threads = new Threads(ids, specOfExecutor, edge.executor, createLogger(log, { node }), { onFatal });
    try {
      await threads.start(ids);
    } catch (error) {
      await threads.stop();
      await edge.uninstall();
      throw error;
    }
    return new ActorSystem(node, incarnation, ids, edge, threads);
  }

  /** Spawns under the guardian of this node, or of `options.node`. */
  async spawn<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options: SpawnOptions & CallOptions = {}): Promise<ActorRef<D>> {
    const spec = specOf(definition, args, options, undefined, 'default');
    const address = await this.call(this.guardianOf(options.node), 'spawn', { spec }, options);
    return this.ref(definition, address as ActorAddress);
  }

  ref<D extends RefTarget>(definition: D, address: ActorAddress): ActorRef<D> {
    return makeRef(definition, address, this);
  }

  async lookup<D extends AnyDefinition>(definition: D, name: string, node?: string): Promise<ActorRef<D> | undefined> {
    const address = await this.lookupAddress(name, node);
    return address === undefined ? undefined : this.ref(definition, address);
  }

  lookupAddress(name: string, node?: string): Promise<ActorAddress | undefined> {
    return this.#edge.executor.lookup(name, node);
  }

  /** Stops an actor in order; resolves once the order is on its way. */
  stopActor(address: ActorAddress, reason: ExitReason = { class: 'shutdown', message: 'asked to stop' }): void {
    this.#edge.executor.deliver({ kind: 'signal', to: address, from: this.#edge.executor.address, signal: { type: 'stop', reason } });
  }

  /** The guardian of a node, whichever life of it is the current one. */
  guardianOf(node: string = this.node): ActorAddress {
    const incarnation = node === this.node ? this.incarnation : '*';
    return formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: GUARDIAN_SERIAL });
  }

  cast(to: ActorAddress, name: string, message: unknown): boolean {
    return this.#edge.executor.deliver({ kind: 'cast', to, from: this.#edge.executor.address, name, message });
  }

  call(to: ActorAddress, name: string, message: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#edge.executor.call(to, name, message, options);
  }

  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions = {}): AsyncIterable<unknown> {
    return this.#edge.executor.stream(to, name, message, options);
  }

  drained(to: ActorAddress): Promise<void> {
    return this.#edge.executor.drained(to);
  }

  /** Definitions registered on this node. */
  definitions(): readonly DefinitionSummary[] {
    return this.#edge.executor.definitions();
  }

  /** The definition of that name. @throws SkepError UNKNOWN_DEFINITION. */
  definition(name: string, version?: number): AnyDefinition {
    return this.#edge.executor.registry.get(name, version);
  }

  /** All living actors of this node. */
  list(): Promise<readonly ActorSummary[]> {
    return this.listOn(this.node, this.incarnation, this.executors);
  }

  /** All living actors on these executors of a node; the system executor is always among them. */
  async listOn(node: string, incarnation: string, executors: readonly number[]): Promise<readonly ActorSummary[]> {
    const asked = [...new Set([SYSTEM_EXECUTOR, ...executors])];
    const lists = await Promise.all(asked.map((executor) => this.call(executorAddress(node, incarnation, executor), 'list', null)));
    return (lists as (readonly ActorSummary[])[]).flat();
  }

  async reports(): Promise<readonly ExecutorReport[]> {
    return this.#threads === undefined ? [this.#edge.executor.report()] : [this.#edge.executor.report(), ...(await this.#threads.reports())];
  }

  /** Tells every executor that a node is gone; the membership calls it. */
  async nodeDown(node: string, incarnation: string): Promise<void> {
    this.#edge.executor.nodeDown(node, incarnation);
    await this.#threads?.nodeDown(node, incarnation);
  }

  /** Stops all actors, newest first, then the executors. Calling it again gives the same promise. */
  shutdown(): Promise<void> {
    this.#stopped ??= this.#shutdown();
    return this.#stopped;
  }

  async #shutdown(): Promise<void> {
    try {
      await this.call(executorAddress(this.node, this.incarnation, SYSTEM_EXECUTOR), 'stop', null, { timeoutMs: 15_000 });
    } finally {
      await this.#threads?.stop();
      await this.#edge.uninstall();
    }
  }
}

function defaultNodeName(): string {
  const host = hostname().split('.')[0]?.replaceAll(/[^A-Za-z0-9_-]/g, '') ?? '';
  return `${host.slice(0, 40) || 'node'}-${process.pid}`;
}
