/**
 * What can be said about the threads of a node: when one counts as stuck, how much heap it has, how often they may die.
 * Checked here once, so that the threads themselves can rely on it.
 */
import { availableParallelism } from 'node:os';
import { SkepError } from '#protocols/wire/error';
import type { OffloadSettings } from '../offload/offload.js';
import type { OffloadLimits } from '../offload/offloader.js';
import type { RestartIntensity } from '../supervision/intensity.js';
import type { Scheduling } from './scheduling.js';

/** How an executor shares out turns, and what it does about those that take too long. */
export interface SchedulingOptions extends Partial<Scheduling> {
  /**
   * A thread whose event loop does not come round for this long, in milliseconds, is ended, and what ran there restarts
   * under its supervisors. 0 for never, else from 50; must exceed the longest pause that garbage collection or a
   * synchronous handler may make. Without threads nothing is watched. Default 30,000: six times the deadline of calls.
   */
  readonly stallMs?: number;
  /** A handler that runs this long without a break, in milliseconds, is logged and reported. 0 for none. Default 100. */
  readonly slowTurnMs?: number;
}

/** The part of a system's options that is about its threads. */
export interface ThreadSettings {
  readonly scheduling?: SchedulingOptions;
  /**
   * Limit of the heap of each executor's thread in MiB, from 16; the thread of one that exceeds it is ended and replaced.
   * Buffers are outside of the heap and are not counted. Default: what Node gives a thread.
   */
  readonly executorHeapMb?: number;
  /** The threads that the offloaded functions of each executor run on. */
  readonly offload?: OffloadSettings;
  /** How often threads may die before the node gives up. Default: 5 times in 60,000 ms. */
  readonly threadIntensity?: RestartIntensity;
}

/** How threads are run and given up. */
export interface ThreadOptions {
  /** A thread whose event loop does not come round for this long is ended; 0 for never. */
  readonly stallMs: number;
  /** Limit of each thread's heap in MiB. */
  readonly heapMb: number | undefined;
  /** How often threads may die before the node gives up. */
  readonly intensity: RestartIntensity;
}

/** Six times the deadline of calls: whoever waited for the thread has given up long since. */
const STALL_MS = 30_000;
/** A thread may be held up this long by a collection of garbage alone. */
const LEAST_STALL_MS = 50;
const SLOW_TURN_MS = 100;
/** Below this the executor itself does not fit. */
const LEAST_HEAP_MB = 16;
const OFFLOAD_QUEUE = 256;
const OFFLOAD_IDLE_MS = 10_000;
const THREAD_INTENSITY: RestartIntensity = { maxRestarts: 5, withinMs: 60_000 };

/** How long a turn is slow. @throws SkepError BAD_CONFIG. */
export function slowTurnMsOf({ scheduling }: ThreadSettings): number {
  return numberOf('scheduling.slowTurnMs', scheduling?.slowTurnMs, SLOW_TURN_MS, 1);
}

/** The threads for offloaded functions of each of `executors`. @throws SkepError BAD_CONFIG. */
export function offloadLimitsOf({ offload }: ThreadSettings, executors: number): OffloadLimits {
  const share = Math.max(1, Math.floor(availableParallelism() / Math.max(1, executors)));
  return {
    threads: wholeOf('offload.threads', offload?.threads ?? share, 1),
    queue: wholeOf('offload.queue', offload?.queue ?? OFFLOAD_QUEUE, 0),
    idleMs: numberOf('offload.idleMs', offload?.idleMs, OFFLOAD_IDLE_MS, 0),
  };
}

function wholeOf(field: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new SkepError('BAD_CONFIG', `${field} is ${value}: expected a whole number from ${least}`, { [field]: value });
}

/** How the threads are run. @throws SkepError BAD_CONFIG. */
export function threadOptionsOf(options: ThreadSettings): ThreadOptions {
  const { maxRestarts, withinMs } = options.threadIntensity ?? THREAD_INTENSITY;
  const heapMb = options.executorHeapMb;
  return {
    stallMs: numberOf('scheduling.stallMs', options.scheduling?.stallMs, STALL_MS, LEAST_STALL_MS),
    heapMb: heapMb === undefined ? undefined : numberOf('executorHeapMb', heapMb, heapMb, LEAST_HEAP_MB, false),
    intensity: {
      maxRestarts: numberOf('threadIntensity.maxRestarts', maxRestarts, maxRestarts, 0),
      withinMs: numberOf('threadIntensity.withinMs', withinMs, withinMs, 1, false),
    },
  };
}

/** An option that is a number from `least`, or 0 where that means "none". @throws SkepError BAD_CONFIG. */
function numberOf(field: string, value: number | undefined, standard: number, least: number, mayBeNone = true): number {
  const given = value ?? standard;
  if ((mayBeNone && given === 0) || (Number.isFinite(given) && given >= least)) return given;
  const none = mayBeNone && least > 0 ? ', or 0 for none' : '';
  throw new SkepError('BAD_CONFIG', `${field} is ${given}: expected a number from ${least}${none}`, {
    [field]: given,
  });
}
