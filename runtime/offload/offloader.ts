/**
 * The offloaded work of one executor: a bounded queue before a pool of threads that are started on demand. Each piece of
 * work ends exactly once: by its value, its error, its deadline, a cancel, or the end of the executor. Work that is ended
 * while it runs takes its thread with it, because nothing else stops a function that computes.
 *
 *     waiting --a thread is free--> running --> done | failed
 *        '--cancel, deadline--> taken out   '--cancel, deadline--> thread ended
 */
import { SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import type { CallScope } from '../executor/call-scope.js';
import { type Failure, fromFailure, offloadFailed } from './failure.js';
import { inlinePool } from './inline.js';
import { isOffloadTask, type OffloadOptions, type OffloadTask } from './offload.js';

/** The settings with their defaults in. */
export interface OffloadLimits {
  /** 0 runs functions on the calling thread, for tests. */
  readonly threads: number;
  readonly queue: number;
  readonly idleMs: number;
}

interface Job {
  readonly task: OffloadTask;
  readonly args: unknown;
  readonly options: OffloadOptions;
  readonly end: AbortController;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SkepError) => void;
  /** Takes back what could still end it. */
  release: () => void;
}

/** Where functions run: on threads (`threads.ts`), or in place (`inline.ts`). */
export interface OffloadPool {
  /** Runs a function once. Rejects when its thread dies, when `signal` ends it, or when its arguments cannot be copied. */
  run(
    task: OffloadTask,
    args: unknown,
    options: OffloadOptions,
    signal: AbortSignal,
  ): Promise<{ readonly value: unknown } | { readonly failure: Failure }>;
  destroy(): Promise<void>;
}

export class Offloader {
  readonly #clock: Clock;
  readonly #limits: OffloadLimits;
  readonly #waiting = new Set<Job>();
  readonly #running = new Set<Job>();
  #pool: Promise<OffloadPool> | undefined;
  #closed = false;

  constructor(clock: Clock, limits: OffloadLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Runs a function on another thread for an actor.
   * @throws SkepError what the function throws with a code; OFFLOAD_FAILED with the cause for anything else; OFFLOAD_FULL,
   * CALL_TIMEOUT, CALL_CANCELLED, BAD_USAGE, BAD_MESSAGE (arguments that cannot be copied), ACTOR_STOPPED.
   */
  run(task: OffloadTask, args: unknown, options: OffloadOptions, scope: CallScope): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(task, options, scope);
      if (refusal !== undefined) return reject(refusal);
      const job: Job = { task, args, options, end: new AbortController(), resolve, reject, release: () => {} };
      this.#waiting.add(job);
      this.#limit(job, scope);
      this.#next();
    });
  }

  /** Ends all work and all threads. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopped = new SkepError('ACTOR_STOPPED', 'the executor is shut down');
    for (const job of [...this.#waiting, ...this.#running]) this.#fail(job, stopped);
    await (await this.#pool)?.destroy();
  }

  #refusal(task: OffloadTask, { signal, timeoutMs }: OffloadOptions, scope: CallScope): SkepError | undefined {
    if (!isOffloadTask(task)) {
      return new SkepError('BAD_USAGE', 'task: expected what defineOffload gives; functions do not cross threads');
    }
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      return new SkepError('BAD_USAGE', `timeoutMs is ${timeoutMs}: expected milliseconds from 0`, { timeoutMs });
    }
    if (this.#closed) return new SkepError('ACTOR_STOPPED', 'the executor is shut down');
    if (signal?.aborted === true || scope.cancelled()) return cancelled(task);
    const { threads, queue } = this.#limits;
    if (this.#running.size < Math.max(1, threads) || this.#waiting.size < queue) return undefined;
    const text = `offload ${task.name}: ${this.#running.size} run and ${this.#waiting.size} wait on this executor already`;
    return new SkepError('OFFLOAD_FULL', text, { task: task.name, threads, queue });
  }

  /** Binds a job to whatever may end it early. */
  #limit(job: Job, scope: CallScope): void {
    const { task, options } = job;
    const cancel = (): void => this.#fail(job, cancelled(task));
    const timeoutMs = Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, scope.remainingMs);
    const expire = (): void => {
      const text = `offload ${task.name} took longer than ${Math.round(timeoutMs)} ms`;
      this.#fail(job, new SkepError('CALL_TIMEOUT', text, { task: task.name, timeoutMs }));
    };
    const timer = Number.isFinite(timeoutMs) ? this.#clock.after(Math.max(0, timeoutMs), expire) : undefined;
    options.signal?.addEventListener('abort', cancel, { once: true });
    const dependant = { cancel };
    scope.hold(dependant);
    job.release = () => {
      timer?.cancel();
      options.signal?.removeEventListener('abort', cancel);
      scope.release(dependant);
    };
  }

  #next(): void {
    while (this.#running.size < Math.max(1, this.#limits.threads)) {
      const [job] = this.#waiting;
      if (job === undefined) return;
      this.#waiting.delete(job);
      this.#running.add(job);
      void this.#execute(job);
    }
  }

  async #execute(job: Job): Promise<void> {
    const { task, args, options, end } = job;
    const { name } = task;
    try {
      const pool = await (this.#pool ??= this.#start());
      const outcome = await pool.run(task, args, options, end.signal);
      if ('failure' in outcome) this.#fail(job, fromFailure(outcome.failure, name));
      else this.#settle(job, () => job.resolve(outcome.value));
    } catch (error) {
      const uncloneable = error instanceof Error && error.name === 'DataCloneError';
      const text = `offload ${name}: its arguments cannot be copied; give plain data`;
      this.#fail(
        job,
        uncloneable ? new SkepError('BAD_MESSAGE', text, { task: name }, error) : offloadFailed(name, error),
      );
    }
  }

  async #start(): Promise<OffloadPool> {
    if (this.#limits.threads === 0) return inlinePool;
    const { offloadThreads } = await import('./threads.js');
    return offloadThreads(this.#limits);
  }

  /** Ends a job with an error; one that runs is stopped. */
  #fail(job: Job, error: SkepError): void {
    this.#settle(job, () => {
      job.reject(error);
      job.end.abort();
    });
  }

  /** Does nothing for a job that is over already. */
  #settle(job: Job, settle: () => void): void {
    if (!this.#waiting.delete(job) && !this.#running.delete(job)) return;
    job.release();
    settle();
    this.#next();
  }
}

function cancelled({ name }: OffloadTask): SkepError {
  return new SkepError('CALL_CANCELLED', `offload ${name} was cancelled`, { task: name });
}
