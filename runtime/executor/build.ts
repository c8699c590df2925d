/**
 * Makes an executor from plain data, the same way on the main thread and in a worker: registers what the modules
 * export, starts the well-known actors where they belong, and installs the extensions.
 */
import { names } from '../actor/names.js';
import type { AnyDefinition } from '../actor/definition.js';
import { DefinitionRegistry } from '../actor/registry.js';
import { systemClock } from '../clock/clock.js';
import { guardian } from '../supervision/guardian.js';
import { createLogger, type LogOptions } from '../telemetry/log.js';
import { Executor, type Topology } from './executor.js';
import { type ExtensionSpec, installExtensions } from './extension.js';
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
  readonly firstSerial: number;
}

/** An executor and how to take it down. */
export interface BuiltExecutor {
  readonly executor: Executor;
  readonly uninstall: () => Promise<void>;
}

/**
 * Builds an executor; `definitions` are registered beside those of the modules.
 * @throws SkepError DUPLICATE_DEFINITION, or whatever a module or an extension throws.
 */
export async function buildExecutor(spec: ExecutorSpec, definitions: readonly AnyDefinition[] = []): Promise<BuiltExecutor> {
  const registry = new DefinitionRegistry();
  for (const definition of [guardian, names, ...definitions]) registry.add(definition);
  for (const module of spec.modules) registry.addModule((await import(module)) as Record<string, unknown>);
  const { node, incarnation, id, topology, callTimeoutMs, shutdownMs, firstSerial } = spec;
  const log = createLogger(spec.log, { node, executor: id });
  const executor = new Executor({ node, incarnation, id, topology, registry, clock: systemClock, log, callTimeoutMs, shutdownMs, firstSerial });
  const uninstall = await installExtensions(executor, spec.extensions);
  if (id === SYSTEM_EXECUTOR) await executor.startWellKnown(guardian.name, names.name);
  return { executor, uninstall };
}
