/**
 * Makes an executor from plain data, the same way on the main thread and in a worker: registers what the modules
 * export, starts the well-known actors where they belong, and installs the extensions.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ActorDefaults, AnyDefinition } from '../actor/definition.js';
import { names } from '../actor/names.js';
import { DefinitionRegistry } from '../actor/registry.js';
import { type Clock, systemClock } from '../clock/clock.js';
import { seededRandom, seedOf } from '../clock/random.js';
import type { OffloadLimits } from '../offload/offloader.js';
import { groups } from '../groups/registry.js';
import { drain } from '../pool/drain.js';
import { pool } from '../pool/pool-actor.js';
import { guardian } from '../supervision/guardian.js';
import { StoreClient, type StoreSettings } from '../store/client.js';
import { createLogger, type Logger, type LogOptions } from '../telemetry/log.js';
import { closeTracer, openTracer, type TelemetryOptions } from '../telemetry/options.js';
import type { Tracer } from '../telemetry/tracer.js';
import { watchLoopDelay } from '../telemetry/loop-delay.js';
import type { MakeDispatcher } from './dispatcher.js';
import { Executor } from './executor.js';
import { type ExtensionSpec, installExtensions } from './extension.js';
import type { ReloadSpec } from './reload.js';
import type { Heartbeat } from './heartbeat.js';
import { runQueueOf } from './run-queue.js';
import type { Scheduling } from './scheduling.js';
import type { Topology } from './spawner.js';
import { SYSTEM_EXECUTOR } from './well-known.js';

/** Everything an executor is made of; plain data. */
export interface ExecutorSpec {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  readonly topology: Topology;
  /** File URLs of compiled modules that export definitions. */
  readonly modules: readonly string[];
  /** Modules that were loaded again since the node started. */
  readonly reloads?: readonly ReloadSpec[];
  readonly extensions: readonly ExtensionSpec[];
  readonly log: LogOptions;
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  readonly defaults: ActorDefaults;
  /** Default: {@link DEFAULT_SCHEDULING}. */
  readonly scheduling?: Scheduling;
  readonly firstSerial: number;
  readonly freezeMessages: boolean;
  /** Of the chance on the executors; each has a sequence of its own. Default: made of the node and its incarnation. */
  readonly seed?: number;
  /** How the store of the node is used, where it has one; the port to it is one of the local parts. */
  readonly store?: StoreSettings;
  readonly telemetry?: TelemetryOptions;
  readonly slowTurnMs: number;
  readonly offload: OffloadLimits;
}

/** What cannot cross to a thread. */
export interface LocalParts {
  /** Registered beside those of the modules. */
  readonly definitions?: readonly AnyDefinition[] | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** To the store of the node. */
  readonly storePort?: MessagePort | undefined;
  /** Default: the run queue, on the event loop. */
  readonly dispatcher?: MakeDispatcher | undefined;
  /** Default: made from the options of the spec. */
  readonly log?: Logger | undefined;
  /** Default: as the options of telemetry say. */
  readonly tracer?: Tracer | undefined;
  /** Where the thread of the executor says that it lives. */
  readonly heartbeat?: Heartbeat | undefined;
}

/** An executor and how to take it down. */
export interface BuiltExecutor {
  readonly executor: Executor;
  readonly uninstall: () => Promise<void>;
}

/**
 * Builds an executor.
 * @throws SkepError DUPLICATE_DEFINITION, or whatever a module or an extension throws.
 */
export async function buildExecutor(spec: ExecutorSpec, local: LocalParts = {}): Promise<BuiltExecutor> {
  const { modules, reloads = [], extensions, telemetry = {}, seed, store: settings, ...options } = spec;
  const registry = new DefinitionRegistry();
  for (const definition of [guardian, names, groups, pool, drain, ...(local.definitions ?? [])])
    registry.add(definition);
  for (const module of modules) registry.addModule((await import(module)) as Record<string, unknown>);
  const random = seededRandom(seedOf(`${seed ?? `${spec.node}@${spec.incarnation}`}/${spec.id}`));
  const log = local.log ?? createLogger(spec.log, { node: spec.node, executor: spec.id });
  const { clock = systemClock, dispatcher = runQueueOf(spec.scheduling?.sliceMs), heartbeat, storePort } = local;
  // Under a clock of a test nothing may depend on the machine's.
  const loopDelay = clock === systemClock ? watchLoopDelay() : undefined;
  const place = { node: spec.node, incarnation: spec.incarnation, executor: spec.id, log };
  const tracer = local.tracer ?? (await openTracer(telemetry.traces, place));
  const store =
    settings === undefined || storePort === undefined ? undefined : new StoreClient(storePort, clock, settings);
  const { deadLetterBytes } = telemetry;
  const parts = { registry, clock, random, log, tracer, heartbeat, loopDelay, dispatcher, store, deadLetterBytes };
  const executor = new Executor({ ...options, ...parts });
  for (const reload of reloads) {
    // The executor lives without what it cannot load; it has what the file of the module says by now.
    await executor.services.reloads.commit(reload).catch((error: unknown) => log.error('reload failed', { error }));
  }
  const uninstallExtensions = await installExtensions(executor, extensions);
  const uninstall = async (): Promise<void> => {
    await uninstallExtensions();
    store?.close();
    await closeTracer(tracer, clock, log);
  };
  try {
    if (spec.id === SYSTEM_EXECUTOR) await executor.startWellKnown(guardian.name, names.name, groups.name);
  } catch (error) {
    await uninstall();
    throw error;
  }
  return { executor, uninstall };
}
