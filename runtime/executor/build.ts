/**
 * Makes an executor from plain data, the same way on the main thread and in a worker: registers what the modules
 * export, starts the well-known actors where they belong, and installs the extensions.
 */
import type { ActorDefaults, AnyDefinition } from '../actor/definition.js';
import { names } from '../actor/names.js';
import { DefinitionRegistry } from '../actor/registry.js';
import { type Clock, systemClock } from '../clock/clock.js';
import { seededRandom, seedOf } from '../clock/random.js';
import { groups } from '../groups/registry.js';
import { guardian } from '../supervision/guardian.js';
import { createLogger, type Logger, type LogOptions } from '../telemetry/log.js';
import { closeTracer, openTracer, type TelemetryOptions } from '../telemetry/options.js';
import type { Tracer } from '../telemetry/tracer.js';
import { watchLoopDelay } from '../telemetry/loop-delay.js';
import type { MakeDispatcher } from './dispatcher.js';
import { Executor } from './executor.js';
import { type ExtensionSpec, installExtensions } from './extension.js';
import type { Heartbeat } from './heartbeat.js';
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
  readonly extensions: readonly ExtensionSpec[];
  readonly log: LogOptions;
  readonly callTimeoutMs: number;
  readonly shutdownMs: number;
  readonly defaults: ActorDefaults;
  readonly firstSerial: number;
  readonly freezeMessages: boolean;
  /** Of the chance on the executors; each has a sequence of its own. Default: made of the node and its incarnation. */
  readonly seed?: number;
  readonly telemetry?: TelemetryOptions;
  readonly slowTurnMs: number;
}

/** What cannot cross to a thread. */
export interface LocalParts {
  /** Registered beside those of the modules. */
  readonly definitions?: readonly AnyDefinition[] | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: as the options of telemetry say. */
  readonly tracer?: Tracer | undefined;
  /** Where the thread of the executor says that it lives. */
  readonly heartbeat?: Heartbeat | undefined;
  /** Default: the run queue, on the event loop. */
  readonly dispatcher?: MakeDispatcher | undefined;
  /** Default: made from the options of the spec. */
  readonly log?: Logger | undefined;
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
  const { modules, extensions, telemetry = {}, seed, ...options } = spec;
  const registry = new DefinitionRegistry();
  for (const definition of [guardian, names, groups, ...(local.definitions ?? [])]) registry.add(definition);
  for (const module of modules) registry.addModule((await import(module)) as Record<string, unknown>);
  const random = seededRandom(seedOf(`${seed ?? `${spec.node}@${spec.incarnation}`}/${spec.id}`));
  const log = local.log ?? createLogger(spec.log, { node: spec.node, executor: spec.id });
  const { clock = systemClock, dispatcher, heartbeat } = local;
  // Under a clock of a test nothing may depend on the machine's.
  const loopDelay = clock === systemClock ? watchLoopDelay() : undefined;
  const place = { node: spec.node, incarnation: spec.incarnation, executor: spec.id, log };
  const tracer = local.tracer ?? (await openTracer(telemetry.traces, place));
  const executor = new Executor({
    ...options,
    registry,
    clock,
    random,
    log,
    tracer,
    heartbeat,
    loopDelay,
    dispatcher,
  });
  const uninstallExtensions = await installExtensions(executor, extensions);
  const uninstall = async (): Promise<void> => {
    await uninstallExtensions();
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
