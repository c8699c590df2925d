/**
 * The actor system of one node, as code outside of actors sees it: spawn, ref, lookup, stop. With executors in threads
 * the main thread keeps an edge executor of its own, which takes part in the mesh and hosts no actors of users; without
 * threads (`executors: 0`) one executor on the main thread is everything, which is what most tests want.
 */
import { type ActorAddress, executorAddress, formatAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import type { SkepError } from '#protocols/wire/error';
import { type CallMany, callManyBy } from './actor/call-many.js';
import type { AnyDefinition, ArgsOf } from './actor/definition.js';
import {
  type ActorRef,
  type CallOptions,
  type CastOptions,
  makeRef,
  type Messenger,
  type NearActor,
  type RefTarget,
  type ReliableMessenger,
} from './actor/ref.js';
import type { DefinitionSummary } from './actor/registry.js';
import { buildExecutor, type BuiltExecutor, type ExecutorSpec } from './executor/build.js';
import { specOf } from './executor/spec-of.js';
import type { ActorInspection } from './executor/inspect.js';
import type { ListedDeadLetter } from './executor/operator.js';
import type { ActorSummary, ExecutorReport } from './executor/report.js';
import { castEnvelope } from './flow/cast.js';
import type { CastOutcome } from './flow/outcome.js';
import { threadOptionsOf } from './executor/thread-options.js';
import { Threads } from './executor/threads.js';
import { EDGE_EXECUTOR, GUARDIAN_SERIAL, SYSTEM_EXECUTOR } from './executor/well-known.js';
import { NodeReloads } from './node-reloads.js';
import type { ReloadReport } from './reload-report.js';
import type { SupervisionTree } from './supervision/tree.js';
import { type NodeStore, openNodeStore } from './store/node-store.js';
import type { ReplayResult } from '#protocols/wire/operator';
import type { Groups } from './groups/groups.js';
import { makePool, type Pool, type PoolOptions } from './pool/pool.js';
import type { RouteeSource, Router } from './routing/router.js';
import type { RouterOptions } from './routing/strategy.js';
import { type DeadLetterQuery, NodeOperator, type ReplayOptions } from './operate.js';
import { specOfNode, type SystemOptions, type TopSpawnOptions } from './system-options.js';

/** The whole of a shutdown may take this much, and twice what one actor may. */
const SHUTDOWN_MARGIN_MS = 5_000;

/** A running system. */
export class ActorSystem implements Messenger {
  readonly node: string;
  readonly incarnation: string;
  /** Ids of the executors that host actors. */
  readonly executors: readonly number[];
  readonly #edge: BuiltExecutor;
  readonly #threads: Threads | undefined;
  readonly #reloads: NodeReloads;
  readonly #store: NodeStore | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(
    node: string,
    incarnation: string,
    executors: readonly number[],
    edge: BuiltExecutor,
    threads: Threads | undefined,
    store: NodeStore | undefined,
    modules: readonly string[],
  ) {
    this.node = node;
    this.incarnation = incarnation;
    this.executors = executors;
    this.#edge = edge;
    this.#threads = threads;
    this.#store = store;
    this.#reloads = new NodeReloads(edge.executor, threads, modules);
  }

  /** Starts a system. @throws SkepError when a module, a definition, an extension or the store is at fault. */
  static async create(options: SystemOptions = {}): Promise<ActorSystem> {
    const spec = specOfNode(options);
    const onFatal = once(options.onFatal ?? throwUncaught);
    const store = options.store && (await openNodeStore(options.store, options.node, onFatal));
    try {
      return await ActorSystem.#start(options, store ? { ...spec, store: store.settings } : spec, store, onFatal);
    } catch (error) {
      await store?.close();
      throw error;
    }
  }

  static async #start(
    options: SystemOptions,
    spec: Omit<ExecutorSpec, 'id'>,
    store: NodeStore | undefined,
    onFatal: (error: SkepError) => void,
  ): Promise<ActorSystem> {
    const { node, incarnation, topology } = spec;
    const { definitions, clock, tracer } = options;
    if (options.executors === undefined || options.executors === 0) {
      const local = { definitions, clock, tracer, storePort: store?.connect() };
      const only = await buildExecutor({ ...spec, id: SYSTEM_EXECUTOR }, local);
      only.executor.onFatal(onFatal);
      return new ActorSystem(node, incarnation, topology.defaults, only, undefined, store, spec.modules);
    }
    const edge = await buildExecutor({ ...spec, id: EDGE_EXECUTOR }, { definitions });
    const ids = [SYSTEM_EXECUTOR, ...topology.defaults];
    const specOf = (id: number): ExecutorSpec => ({ ...spec, id });
    const events = { onFatal, onDeath: options.onExecutorDeath ?? (() => Promise.resolve()) };
    const threads = new Threads(ids, specOf, edge.executor, threadOptionsOf(options), events, () => store?.connect());
    try {
      await threads.start(ids);
    } catch (error) {
      await threads.stop(spec.shutdownMs);
      await edge.uninstall();
      throw error;
    }
    return new ActorSystem(node, incarnation, ids, edge, threads, store, spec.modules);
  }

  /** Spawns under the guardian of this node, or of `options.node`. */
  async spawn<D extends AnyDefinition>(
    definition: D,
    args: ArgsOf<D>,
    options: TopSpawnOptions & CallOptions = {},
  ): Promise<ActorRef<D>> {
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
    this.#edge.executor.deliver({
      kind: 'signal',
      to: address,
      from: this.#edge.executor.address,
      signal: { type: 'stop', reason },
    });
  }

  /** The guardian of a node, whichever life of it is the current one. */
  guardianOf(node: string = this.node): ActorAddress {
    const incarnation = node === this.node ? this.incarnation : '*';
    return formatAddress({ node, incarnation, executor: SYSTEM_EXECUTOR, serial: GUARDIAN_SERIAL });
  }

  get reliable(): ReliableMessenger {
    const { executor } = this.#edge;
    return executor.services.reliableOf(executor.address);
  }

  /** As `ref.cast`; `traceparent` is the W3C trace context that the message belongs to. */
  cast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): boolean {
    return this.tryCast(to, name, message, options) === 'accepted';
  }

  /** As `cast`, and says what became of the message. */
  tryCast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): CastOutcome {
    const { executor } = this.#edge;
    return executor.offer(castEnvelope(executor.address, to, name, message, options));
  }

  near(to: ActorAddress): NearActor | undefined | null {
    return this.#edge.executor.near(to);
  }

  castNear(actor: NearActor, name: string, message: unknown): CastOutcome {
    const { address: from } = this.#edge.executor;
    return actor.accept({ kind: 'cast', to: actor.address, from, name, message }, false);
  }

  call(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions = {},
    near?: NearActor,
  ): Promise<unknown> {
    return this.#edge.executor.call(to, name, message, options, undefined, near);
  }

  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions = {}): AsyncIterable<unknown> {
    return this.#edge.executor.stream(to, name, message, options);
  }

  drained(to: ActorAddress): Promise<void> {
    return this.#edge.executor.drained(to);
  }

  /** Process groups of this node. */
  get groups(): Groups {
    return this.#edge.executor.services.nodeGroups(this);
  }

  /** Sends to all subscribers of a topic on this node; see `ctx.publish`. @throws SkepError BAD_TOPIC. */
  publish(topic: string, message: unknown): boolean {
    const { executor } = this.#edge;
    return executor.services.topics.publish(executor.address, topic, message);
  }

  /** A router over actors or the members of a group. */
  router<D extends RefTarget>(definition: D, source: RouteeSource, options: RouterOptions): Promise<Router<D>> {
    const { executor } = this.#edge;
    return executor.services.router({ address: executor.address, messenger: this }, definition, source, options);
  }

  /** Starts a pool of actors under the guardian of this node. */
  pool<D extends AnyDefinition>(definition: D, args: ArgsOf<D>, options: PoolOptions): Promise<Pool<D>> {
    return makePool(this, definition, args, options, 'system');
  }

  /** Calls many actors and gives every outcome, in the order of the refs. */
  get callMany(): CallMany {
    return callManyBy(this);
  }

  /** Definitions registered on this node. */
  definitions(): readonly DefinitionSummary[] {
    return this.#edge.executor.registry.list();
  }

  /** The definition of that name. @throws SkepError UNKNOWN_DEFINITION. */
  definition(name: string, version?: number): AnyDefinition {
    return this.#edge.executor.registry.get(name, version);
  }

  /**
   * Loads a module again while its actors live: every executor imports the file afresh, and definitions of a higher
   * version take the place of the older ones. Living actors migrate before the next message that they handle. Nothing
   * changes unless all executors can load the module. Modules that this one imports are not loaded again.
   *
   * With `force`, for development, a definition may also change under its version: its actors get the new handlers, and
   * keep their state as it is.
   * @throws SkepError MODULE_FAILED, or DUPLICATE_DEFINITION for a definition that changed under its version.
   */
  reload(moduleUrl: string, options: { readonly force?: boolean } = {}): Promise<ReloadReport> {
    return this.#reloads.reload(moduleUrl, options.force === true);
  }

  /** All living actors of this node. */
  list(): Promise<readonly ActorSummary[]> {
    return this.listOn(this.node, this.incarnation, this.executors);
  }

  /** All living actors on these executors of a node; the system executor is always among them. */
  listOn(node: string, incarnation: string, executors: readonly number[]): Promise<readonly ActorSummary[]> {
    return this.operator.list({ node, incarnation, executors });
  }

  /** The supervision tree of this node, across its executors. */
  tree(): Promise<SupervisionTree> {
    return this.treeOn(this.node, this.incarnation, this.executors);
  }

  /** The supervision tree on these executors of a node; the system executor is always among them. */
  treeOn(node: string, incarnation: string, executors: readonly number[]): Promise<SupervisionTree> {
    return this.operator.tree({ node, incarnation, executors });
  }

  async reports(): Promise<readonly ExecutorReport[]> {
    return this.#threads === undefined
      ? [this.#edge.executor.report()]
      : [this.#edge.executor.report(), ...(await this.#threads.reports())];
  }

  /** Asks executors of this node and others for what an operator wants to know. */
  readonly operator = new NodeOperator((to, name, message, options) => this.call(to, name, message, options));

  /** A close look at an actor of any node. @throws SkepError NO_SUCH_ACTOR, NO_SUCH_NODE, CALL_TIMEOUT. */
  inspect(address: ActorAddress, options: { readonly state?: boolean } = {}): Promise<ActorInspection> {
    return this.operator.inspect(address, options);
  }

  /** Dead letters of this node that are kept, newest first, at most 100 of each executor unless `limit` says more. */
  async deadLetters(options: DeadLetterQuery = {}): Promise<readonly ListedDeadLetter[]> {
    return (await this.operator.deadLetters(this, options)).letters;
  }

  /** Sends dead casts again, each at most once unless forced; a result for each id. @throws SkepError BAD_MESSAGE. */
  replayDeadLetters(ids: readonly string[], options: ReplayOptions = {}): Promise<readonly ReplayResult[]> {
    return this.operator.replay(ids, options);
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
    const { executor } = this.#edge;
    const timeoutMs = SHUTDOWN_MARGIN_MS + 2 * executor.shutdownMs;
    try {
      const system = executorAddress(this.node, this.incarnation, SYSTEM_EXECUTOR);
      if (this.#threads?.systemLives !== false) await this.call(system, 'stop', null, { timeoutMs });
    } catch (error) {
      // An actor or a thread hangs: what can be ended is ended all the same.
      executor.log.warn('shutdown is not in order', { error });
    } finally {
      await this.#threads?.stop(executor.shutdownMs);
      await executor.close();
      await this.#edge.uninstall();
      // Last: what the actors stored while they ended is committed before it closes.
      await this.#store?.close();
    }
  }
}

/** Several parts of a node may find out about one end. */
function once(tell: (error: SkepError) => void): (error: SkepError) => void {
  let told = false;
  return (error) => {
    if (!told) tell(error);
    told = true;
  };
}

function throwUncaught(error: SkepError): void {
  setImmediate(() => {
    throw error;
  });
}
