/**
 * Pools of threads. This is the one file that knows Piscina: the executors of a node run in one pool, as tasks that end
 * with the node, and the offloaded functions of an executor in another, as tasks of their own.
 *
 * Aborting a task that runs ends its thread, at once and wherever it is stuck. The pool counts such a thread as gone from
 * that moment: one that hangs in native code dies only when it comes back from there, but runs no more JavaScript then.
 */
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';

/** How a pool is made. */
export interface PoolOptions {
  /** URL of the module whose default export takes the tasks. */
  readonly module: URL;
  /** Threads that are kept although they have nothing to do. */
  readonly minThreads: number;
  readonly maxThreads: number;
  /** Milliseconds after which an idle thread above `minThreads` ends. */
  readonly idleMs: number;
  /** Limit of each thread's heap in MiB; Buffers and other memory outside of the heap are not counted. */
  readonly heapMb: number | undefined;
}

/** What can be handed over instead of copied. */
export type Transferable = ArrayBuffer | MessagePort;

/** A pool of threads that run tasks one at a time. It has no bound of its own on tasks that wait. */
export class ThreadPool<Task, Result> {
  readonly #piscina: Piscina<Task, Result>;

  constructor({ module, minThreads, maxThreads, idleMs, heapMb }: PoolOptions) {
    this.#piscina = new Piscina<Task, Result>({
      filename: module.href,
      minThreads,
      maxThreads,
      concurrentTasksPerWorker: 1,
      idleTimeout: idleMs,
      // A worker that sleeps on Atomics between tasks would not see its ports.
      atomics: 'disabled',
      recordTiming: false,
      ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
    });
    // A thread that dies between two tasks is replaced when it is needed; without a listener it would end the process.
    this.#piscina.on('error', () => {});
  }

  /** Threads that live. */
  get threads(): number {
    return this.#piscina.threads.length;
  }

  /** Runs a task. Rejects with what it throws, when its thread dies, and when `signal` ends it. */
  run(task: Task, transfer: readonly Transferable[], signal: AbortSignal): Promise<Result> {
    return this.#piscina.run(task, { transferList: [...transfer], signal });
  }

  /** Ends all threads; tasks that run or wait fail. */
  async destroy(): Promise<void> {
    await this.#piscina.destroy();
  }
}

/** Marks the result of a task to be handed over instead of copied. */
export function handOverResult(value: ArrayBuffer | NodeJS.ArrayBufferView): object {
  return Piscina.move(value);
}
