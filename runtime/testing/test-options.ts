/** How a test system is made: its options, their defaults, and what is refused. */
import { SkepError } from '#protocols/wire/error';
import type { ActorDefaults, AnyDefinition } from '../actor/definition.js';
import { EDGE_EXECUTOR, SYSTEM_EXECUTOR } from '../executor/well-known.js';
import type { LogOptions } from '../telemetry/log.js';
import type { StepOrder } from './agenda.js';
import { checkFaults, type Fault } from './faults.js';
import { checkSeed } from './random.js';
import { VirtualClock } from './virtual-clock.js';

/** How a test system is made. */
export interface TestSystemOptions {
  /** Chooses the whole run: 0 to 2^53 - 1. Default 1. */
  readonly seed?: number;
  /**
   * Default executors, as of an `ActorSystem`: with 0 (default) one executor is everything; with more there are the
   * system executor 0, the executors 1 to n, and an edge executor (1000) from which the code of the test speaks.
   */
  readonly executors?: number;
  /** What may be spawned; every executor registers them. */
  readonly definitions?: readonly AnyDefinition[];
  /** Default: a clock of its own. Several systems may share one. */
  readonly clock?: VirtualClock;
  readonly faults?: readonly Fault[];
  /** `random` (default) chooses by the seed; `fifo` takes what has waited longest, as a run without a seed would. */
  readonly order?: StepOrder;
  /** Name of the node. Default `test`. */
  readonly node?: string;
  /** Default deadline of calls in milliseconds of virtual time. Default 5000. */
  readonly callTimeoutMs?: number;
  /** Virtual time an actor has to stop. Default 5000. */
  readonly shutdownMs?: number;
  /** Mailbox bounds and restart intensity for definitions that set none of their own. */
  readonly defaults?: ActorDefaults;
  /** Freezes messages between actors of one executor. Default true. */
  readonly freezeMessages?: boolean;
  /** Default: silent. */
  readonly log?: LogOptions;
  /** Steps that {@link TestSystem.trace} can show at least. Default 1000. */
  readonly traceLimit?: number;
  /** Steps after which a wait is given up with TEST_STUCK. Default 1,000,000. */
  readonly maxSteps?: number;
}

/** Options with their defaults filled in. */
export interface Settings extends Required<TestSystemOptions> {
  /** Ids of all executors. */
  readonly ids: readonly number[];
  /** Ids of those that host actors spawned from outside. */
  readonly placement: readonly number[];
  /** Ids of those that may be killed: the death of the system executor is that of its node. */
  readonly mortal: readonly number[];
  /** The executor from which the code of the test speaks. */
  readonly edge: number;
}

/** Executors of a test system at most. */
const MAX_EXECUTORS = 256;

/** @throws SkepError BAD_USAGE when an option is out of range. */
export function settingsOf(options: TestSystemOptions): Settings {
  const { seed = 1, executors = 0, faults = [] } = options;
  checkSeed(seed);
  checkWhole('executors', executors, 0, MAX_EXECUTORS);
  const traceLimit = checkWhole('traceLimit', options.traceLimit ?? 1_000, 1, 10_000_000);
  const maxSteps = checkWhole('maxSteps', options.maxSteps ?? 1_000_000, 1, Number.MAX_SAFE_INTEGER);
  const threads = Array.from({ length: executors }, (_, index) => index + 1);
  const edge = executors === 0 ? SYSTEM_EXECUTOR : EDGE_EXECUTOR;
  const ids = executors === 0 ? [SYSTEM_EXECUTOR] : [SYSTEM_EXECUTOR, ...threads, EDGE_EXECUTOR];
  checkFaults(faults, ids, threads);
  return {
    seed,
    executors,
    definitions: options.definitions ?? [],
    clock: options.clock ?? new VirtualClock(),
    faults,
    order: options.order ?? 'random',
    node: options.node ?? 'test',
    callTimeoutMs: options.callTimeoutMs ?? 5_000,
    shutdownMs: options.shutdownMs ?? 5_000,
    defaults: options.defaults ?? {},
    freezeMessages: options.freezeMessages ?? true,
    log: options.log ?? { level: 'silent', format: 'json' },
    traceLimit,
    maxSteps,
    ids,
    placement: executors === 0 ? [SYSTEM_EXECUTOR] : threads,
    mortal: threads,
    edge,
  };
}

function checkWhole(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SkepError('BAD_USAGE', `${field} is ${value}: expected a whole number from ${least} to ${most}`, {
    [field]: value,
  });
}
