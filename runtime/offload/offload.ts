/**
 * Offloaded functions: pure work for the CPU that would hold up an executor if an actor did it in its turn. It runs on a
 * thread beside the executor, as on BEAM's dirty schedulers, and the actor awaits it like a call. Functions do not cross
 * threads, so one is named by its module and export:
 *
 *     export const resize = defineOffload(import.meta.url, 'resize', (image: Image) => ...);
 *     const small = await ctx.offload(resize, image, { timeoutMs: 2_000 });
 *
 * The thread imports that module and calls the export of that name. Arguments and results are copied by structured clone;
 * nothing else is shared.
 */
import { SkepError } from '#protocols/wire/error';
import type { Transferable } from '../executor/pool.js';

/** A function that can run on another thread; made by {@link defineOffload}. */
export interface OffloadTask<Args = unknown, Result = unknown> {
  readonly kind: 'offload';
  /** URL of the module that exports it. */
  readonly module: string;
  /** Name of the export. */
  readonly name: string;
  readonly run: (args: Args) => Result;
}

/** How to offload. */
export interface OffloadOptions {
  /** Ends the work when it is aborted; the thread that runs it is ended with it. */
  readonly signal?: AbortSignal;
  /** Milliseconds it may take, waiting included. Never more than the current call has left; default: just that. */
  readonly timeoutMs?: number;
  /** Buffers of the arguments that are handed over instead of copied; they are empty here afterwards. */
  readonly transfer?: readonly Transferable[];
}

/** The threads that offloaded functions of one executor run on. */
export interface OffloadSettings {
  /** Threads at most; they start on demand. Default: the cores shared evenly among the executors, at least 1. */
  readonly threads?: number;
  /** Functions that may wait for a thread; one more is refused with OFFLOAD_FULL. Default 256. */
  readonly queue?: number;
  /** Milliseconds after which a thread without work ends. Default 10,000. */
  readonly idleMs?: number;
}

/**
 * Declares a function that actors may offload. It must be exported under `name` by the module whose `import.meta.url` is
 * given, and depend on nothing but its argument: it runs where there are no actors.
 * @throws SkepError BAD_USAGE when the module is no URL or the name is empty.
 */
export function defineOffload<Args, Result>(
  module: string,
  name: string,
  run: (args: Args) => Result,
): OffloadTask<Args, Result> {
  if (!URL.canParse(module)) {
    throw new SkepError('BAD_USAGE', `offload "${name}": module is ${JSON.stringify(module)}: give import.meta.url`);
  }
  if (name === '') throw new SkepError('BAD_USAGE', `offload in ${module}: name is empty: give the name of the export`);
  return { kind: 'offload', module, name, run };
}

/** Whether a value is what {@link defineOffload} makes. */
export function isOffloadTask(value: unknown): value is OffloadTask {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'offload' && 'run' in value;
}
