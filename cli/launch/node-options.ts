/** From configuration to a node: the one place that knows which setting feeds which option. */
import { join } from 'node:path';
import type { Config, LoadedConfig } from '#config';
import type { NodeOptions } from '#cluster/node';
import type { NatsOptions } from '#cluster/transport/nats-options';
import { SkepError } from '#protocols/wire/error';
import type { LogOptions, StoreOptions, TelemetryOptions } from '#runtime';
import { version } from '../version.js';
import { clusterFolder } from './run-file.js';
import { definitionModules } from './modules.js';

/** How to log; `auto` is pretty on a terminal. */
export function logOptions(config: Config): LogOptions {
  const { level, format } = config.log;
  return { level, format: format === 'auto' ? (process.stderr.isTTY === true ? 'pretty' : 'json') : format };
}

/** The log of the process a person looks at: only what went wrong, unless more was asked for. */
export function quietLog(config: Config): LogOptions {
  const options = logOptions(config);
  return options.level === 'info' ? { ...options, level: 'warn' } : options;
}

/** How to reach the bus. @throws SkepError BAD_CONFIG without a url. */
export function connectOptions(config: Config): NatsOptions {
  const { url, user, password, token, credsFile, tls } = config.nats;
  if (url === undefined) {
    throw new SkepError('BAD_CONFIG', 'nats.url is not set: give --nats, SKEP_NATS_URL or nats.url in skep.yaml', {
      path: 'nats.url',
    });
  }
  const nats: NatsOptions = {
    urls: [url],
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(credsFile === undefined ? {} : { credentialsFile: credsFile }),
    // Giving TLS options at all demands TLS, so none are given when none are set.
    ...(tls === undefined || Object.keys(tls).length === 0 ? {} : { tls: definedOnly(tls) }),
  };
  return nats;
}

/** Options that were given; the transport tells absent from undefined. */
function definedOnly<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Executors of each of several nodes on one machine: they share its cores, unless a number was given. */
export function executorsPerNode({ config, origins }: LoadedConfig, nodes: number): number {
  if (origins.get('node.executors')?.kind !== 'default') return config.node.executors;
  return Math.max(1, Math.floor(config.node.executors / nodes));
}

/**
 * Settings for node processes. They read the same files and variables as their parent; what only its command line said is
 * handed on.
 */
export function nodeEnvironment(
  config: Config,
  options: { readonly config?: string; readonly preset?: string },
): Readonly<Record<string, string>> {
  return {
    ...(options.config === undefined ? {} : { SKEP_CONFIG: options.config }),
    ...(options.preset === undefined ? {} : { SKEP_PRESET: options.preset }),
    SKEP_NODE_DATA_DIR: config.node.dataDir,
    SKEP_STORE_SYNC: config.store.sync,
    SKEP_MEMBERSHIP_HEARTBEAT_MS: String(config.membership.heartbeatMs),
    SKEP_MEMBERSHIP_TIMEOUT_MS: String(config.membership.timeoutMs),
  };
}

/** Where spans go, and what is kept of dead letters. */
function telemetryOptions({ telemetry }: Config): TelemetryOptions {
  const { traces, endpoint, sampleRatio, deadLetterBytes } = telemetry;
  return traces === 'off' ? { deadLetterBytes } : { deadLetterBytes, traces: { endpoint, sampleRatio } };
}

/** Where a node keeps what its actors persist; undefined where it shall not. */
export function storeOptions(config: Config): StoreOptions | undefined {
  const { sync, path = join(clusterFolder(config), 'store', config.node.name) } = config.store;
  return sync === 'off' ? undefined : { path, sync };
}

/** What a node may differ in from its configuration. */
export interface NodeChoices {
  readonly name: string;
  readonly roles: readonly string[];
  readonly executors: number;
  readonly modules: readonly string[];
  /** Where its actors persist; absent: nowhere. */
  readonly store?: StoreOptions | undefined;
  /** Whether it joins others over the bus. */
  readonly bus: boolean;
  readonly log: LogOptions;
  readonly onFatal: NodeOptions['onFatal'];
}

/** The options of a node. */
export function nodeOptions(config: Config, choices: NodeChoices): NodeOptions {
  const { name, roles, executors, log, onFatal } = choices;
  const { stallMs, slowTurnMs, executorHeapMb, threadDeaths } = config.node;
  return {
    cluster: config.cluster.name,
    name,
    roles,
    executors,
    modules: definitionModules(choices.modules, process.cwd()),
    log,
    version,
    callTimeoutMs: config.calls.timeoutMs,
    defaults: { mailbox: config.mailbox, supervision: config.supervision },
    labels: config.node.labels ?? {},
    scheduling: { stallMs, slowTurnMs },
    threadIntensity: { maxRestarts: threadDeaths, withinMs: 60_000 },
    ...(executorHeapMb === undefined ? {} : { executorHeapMb }),
    ...(choices.store === undefined ? {} : { store: choices.store }),
    telemetry: telemetryOptions(config),
    onFatal,
    ...(choices.bus ? { bus: { nats: connectOptions(config), membership: config.membership } } : {}),
  };
}
