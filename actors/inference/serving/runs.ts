/**
 * What is in the slots: the way of each answer from the backend to its parts, no faster than it is read, and the letting
 * go of those that nobody wants any more. A slot is free when its backend has let go of it, not when its answer has ended,
 * so that a backend never gets more than it has slots for.
 */
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Clock } from '#runtime/clock/clock';
import type { WorkEvent } from '../backend.js';
import type { Taken } from '../queue/request-queue.js';
import { coded } from './coded.js';
import { type Job, type Run, workOf } from './job.js';
import type { Loaded } from './loading.js';
import type { ModelMetrics } from './metrics.js';

/** The last event of an answer. */
export type EndEvent = Extract<WorkEvent, { type: 'end' }>;

/** Who is told. */
export interface RunsHost {
  readonly clock: Clock;
  readonly metrics: ModelMetrics;
  /** Milliseconds after which a backend that does not let go is taken for lost. */
  readonly abortLimitMs: number;
  done(job: Job, end: EndEvent): void;
  failed(job: Job, error: SkepError): void;
  /** The model is ahead of the reader and waits; the result is called when it goes on. */
  ahead(job: Job): () => void;
  /** A slot is free. */
  freed(): void;
  /** The backend did not let go of a slot in time. */
  stuck(loaded: Loaded, reason: Error): void;
}

export class Runs {
  readonly #host: RunsHost;
  readonly #byBackend = new Map<Loaded, Set<Job>>();
  #onFree: (() => void)[] = [];

  constructor(host: RunsHost) {
    this.#host = host;
  }

  /** Slots that are taken, of all backends. */
  get size(): number {
    return [...this.#byBackend.values()].reduce((sum, jobs) => sum + jobs.size, 0);
  }

  /** Tokens that the answers in slots may still have. */
  get tokensLeft(): number {
    const jobs = [...this.#byBackend.values()].flatMap((all) => [...all]);
    return jobs.reduce((sum, { maxTokens, run }) => sum + Math.max(0, maxTokens - (run?.tokens ?? 0)), 0);
  }

  /** Slots of a backend that are free. */
  freeOn(loaded: Loaded): number {
    return Math.max(0, loaded.backend.info.slots - (this.#byBackend.get(loaded)?.size ?? 0));
  }

  /** Puts a job into a slot. */
  start(job: Job, taken: Taken<Job>, loaded: Loaded): void {
    const startedMs = this.#host.clock.now();
    const run: Run = { taken, loaded, startedMs, controller: new AbortController(), tokens: 0, lastTokenMs: undefined };
    job.run = run;
    const jobs = this.#byBackend.get(loaded) ?? new Set<Job>();
    this.#byBackend.set(loaded, jobs.add(job));
    this.#host.metrics.started(startedMs - job.arrivedMs);
    void this.#pump(job, run).finally(() => this.#free(job, run));
  }

  /** Has the backend let go of a job that has ended. */
  abort({ run, id }: Job): void {
    if (run === undefined || run.controller.signal.aborted) return;
    run.controller.abort();
    const { clock, abortLimitMs } = this.#host;
    const reason = new Error(`it did not let go of answer ${id} within ${abortLimitMs} ms`);
    run.limit = clock.after(abortLimitMs, () => this.#host.stuck(run.loaded, reason));
  }

  /** A backend is gone, and its slots with it. */
  lost(loaded: Loaded, error: SkepError): void {
    const jobs = this.#byBackend.get(loaded);
    this.#byBackend.delete(loaded);
    for (const job of jobs ?? []) {
      this.#host.failed(job, error);
      job.run?.limit?.cancel();
    }
    this.#tellFree();
  }

  /** Resolves when no slot of a backend is taken. */
  async drained(loaded: Loaded): Promise<void> {
    while (this.#byBackend.has(loaded)) {
      await new Promise<void>((resolve) => {
        this.#onFree.push(resolve);
      });
    }
  }

  /** Never rejects. */
  async #pump(job: Job, { controller, loaded }: Run): Promise<void> {
    const { clock } = this.#host;
    try {
      const events = loaded.backend.generate(workOf(job, clock.now()), controller.signal)[Symbol.asyncIterator]();
      try {
        while (!job.ended) {
          const step = await events.next();
          if (job.ended) break;
          if (step.done === true)
            throw new SkepError('BAD_ANSWER', 'the answer of the backend ended without its last part');
          this.#took(job, step.value);
          const room = job.answer.room();
          if (room === undefined) continue;
          const goesOn = this.#host.ahead(job);
          await room;
          goesOn();
        }
      } finally {
        await events.return?.();
      }
    } catch (thrown) {
      this.#host.failed(job, coded(thrown, 'MODEL_FAILED'));
    }
  }

  #took(job: Job, event: WorkEvent): void {
    switch (event.type) {
      case 'text':
        this.#tokens(job, event.tokens);
        if (event.text !== '') job.answer.push({ type: 'text', text: event.text });
        return;
      case 'toolCall':
        job.answer.push({ type: 'toolCall', call: event.call });
        return;
      case 'end':
        this.#host.done(job, event);
        return;
      default:
        unreachable(event);
    }
  }

  #tokens({ run, arrivedMs }: Job, count: number): void {
    if (run === undefined) return;
    const { clock, metrics } = this.#host;
    const nowMs = clock.now();
    if (run.lastTokenMs === undefined) metrics.firstToken(nowMs - arrivedMs);
    else metrics.tokens(count, nowMs - run.lastTokenMs);
    run.lastTokenMs = nowMs;
    run.tokens += count;
  }

  #free(job: Job, run: Run): void {
    const { loaded } = run;
    run.limit?.cancel();
    const jobs = this.#byBackend.get(loaded);
    jobs?.delete(job);
    if (jobs?.size === 0) this.#byBackend.delete(loaded);
    this.#tellFree();
    this.#host.freed();
  }

  #tellFree(): void {
    const waiting = this.#onFree;
    this.#onFree = [];
    for (const go of waiting) go();
  }
}
