/** The options of a system: what they mean, what they are when they are left out, and what is refused. */
import { hostname } from 'node:os';
import { executorAddress, parseAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { SpawnOptions } from './actor/context.js';
import type { ActorDefaults, AnyDefinition } from './actor/definition.js';
import type { Clock } from './clock/clock.js';
import type { ExecutorSpec } from './executor/build.js';
import type { ExecutorDeath } from './executor/death.js';
import type { ExtensionSpec } from './executor/extension.js';
import { schedulingOf } from './executor/scheduling.js';
import { offloadLimitsOf, slowTurnMsOf, type ThreadSettings } from './executor/thread-options.js';
import { FIRST_SERIAL, SYSTEM_EXECUTOR } from './executor/well-known.js';
import type { MemoryStore } from './store/memory.js';
import type { StoreOptions } from './store/node-store.js';
import type { LogOptions } from './telemetry/log.js';
import type { TelemetryOptions } from './telemetry/options.js';
import type { Tracer } from './telemetry/tracer.js';

/** How a system is made. */
export interface SystemOptions extends ThreadSettings {
  /** Name of the node: 1 to 64 letters, digits, "-", "_". Default: made from the host name. */
  readonly node?: string;
  /** Base-36 text that differs from one life of the node to the next. Default: the start time. */
  readonly incarnation?: string;
  /** Default executors in threads, 0 to 256. 0: everything on the calling thread. Default 0. */
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
  /** Mailbox bounds and restart intensity for definitions that set none of their own. */
  readonly defaults?: ActorDefaults;
  /**
   * Freezes messages and replies between actors of one executor, so that whoever changes what was sent fails at once.
   * Default: true when NODE_ENV is `development` or `test`.
   */
  readonly freezeMessages?: boolean;
  /** Time, for tests; only without threads. Default: the machine's. */
  readonly clock?: Clock;
  /** Seed of chance (the jitter of back-offs), a whole number. Default: made of the node's name and incarnation. */
  readonly seed?: number;
  /**
   * Where actors persist: a folder, or `memoryStore()` in tests. Default: nowhere; definitions that persist cannot start.
   * A store that fails is fatal for the node.
   */
  readonly store?: StoreOptions | MemoryStore;
  /** Where spans go, and what is kept of dead letters. Default: no spans, 1 MiB of dead letters an executor. */
  readonly telemetry?: TelemetryOptions;
  /** Takes the spans itself, for tests; only without threads. */
  readonly tracer?: Tracer;
  /** Called when the node cannot go on. Default: the error is thrown as uncaught. */
  readonly onFatal?: (error: SkepError) => void;
  /** Called when a thread died, and again when its replacement works; the cluster tells other nodes. */
  readonly onExecutorDeath?: (death: ExecutorDeath, replaced: boolean) => Promise<void>;
}

/** Options of a spawn from outside any actor. */
export interface TopSpawnOptions extends SpawnOptions {
  /** Whether the node can not go on when this actor is given up after failures: `onFatal` is called then. */
  readonly essential?: boolean;
}

/** Executors of one node at most; the edge has a number above them all. */
const MAX_EXECUTORS = 256;

/** The part of the executors' specs that is the same for all. @throws SkepError BAD_CONFIG, BAD_NAME. */
export function specOfNode(options: SystemOptions): Omit<ExecutorSpec, 'id'> {
  const node = options.node ?? defaultNodeName();
  const incarnation = options.incarnation ?? Date.now().toString(36);
  const count = options.executors ?? 0;
  if (parseAddress(executorAddress(node, incarnation, 0)) === undefined || incarnation === '*') {
    const text = `node ${JSON.stringify(node)}, incarnation ${JSON.stringify(incarnation)}: expected 1 to 64 letters, digits, "-" or "_", and base-36 text`;
    throw new SkepError('BAD_NAME', text, { node, incarnation });
  }
  if (!Number.isInteger(count) || count < 0 || count > MAX_EXECUTORS) {
    throw new SkepError('BAD_CONFIG', `executors is ${count}: expected a whole number from 0 to ${MAX_EXECUTORS}`, {
      executors: count,
    });
  }
  if (count > 0 && options.clock !== undefined) {
    throw new SkepError('BAD_CONFIG', 'clock: a clock does not cross to threads; use it with executors: 0');
  }
  if (count > 0 && options.tracer !== undefined) {
    throw new SkepError('BAD_CONFIG', 'tracer: a tracer does not cross to threads; use it with executors: 0');
  }
  return {
    node,
    incarnation,
    topology: { defaults: count === 0 ? [SYSTEM_EXECUTOR] : Array.from({ length: count }, (_, index) => index + 1) },
    modules: options.modules ?? [],
    extensions: options.extensions ?? [],
    log: options.log ?? { level: 'warn', format: 'json' },
    callTimeoutMs: options.callTimeoutMs ?? 5_000,
    shutdownMs: options.shutdownMs ?? 5_000,
    defaults: options.defaults ?? {},
    scheduling: schedulingOf(options.scheduling),
    telemetry: options.telemetry ?? {},
    firstSerial: FIRST_SERIAL,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    slowTurnMs: slowTurnMsOf(options),
    offload: offloadLimitsOf(options, count),
    freezeMessages: options.freezeMessages ?? ['development', 'test'].includes(process.env['NODE_ENV'] ?? ''),
  };
}

function defaultNodeName(): string {
  const host =
    hostname()
      .split('.')[0]
      ?.replaceAll(/[^A-Za-z0-9_-]/g, '') ?? '';
  return `${host.slice(0, 40) || 'node'}-${process.pid}`;
}
