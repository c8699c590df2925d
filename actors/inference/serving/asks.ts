/**
 * Answers of a model: who is let in, in which order they get slots, and what becomes of them. All of it is bookkeeping
 * around `ModelBackend.generate`; the order is the queue's, the parts are the answer's, the slots are those of `runs.ts`.
 *
 *     ask --count, fit, bounds, budget--> queue --a slot is free--> run: backend -> answer -> reader
 *      '------ typed refusal                 '--- deadline, cancel, loss of the reader ---' drop, or abort
 *
 * Whoever asks without an id is answered as long as it reads: when it is gone, so is the answer. Whoever gives an id may
 * lose the answer and take it up again: the model goes on until it is `aheadCharacters` ahead, and for `graceMs`.
 */
import type { AnswerPart, AskRequest, ResumeRequest, TokenUsage } from '#protocols/wire/inference';
import { SkepError } from '#protocols/wire/error';
import type { Clock } from '#runtime/clock/clock';
import type { Budget } from '../budget.js';
import type { ModelEntry } from '../entry.js';
import { answerTokens, busyError } from '../queue/admission.js';
import { AnswerLength } from '../queue/answer-length.js';
import { RequestQueue, type Taken } from '../queue/request-queue.js';
import { TokenRate } from '../queue/token-rate.js';
import { blockHashes, promptText, RecentBlocks } from '../routing/prompt-blocks.js';
import type { Answer } from './answer.js';
import { Answers } from './answers.js';
import type { Asker, AskerWatch } from './asker.js';
import { coded, unlessAborted } from './coded.js';
import { Job } from './job.js';
import type { Loaded, Loading } from './loading.js';
import type { ModelMetrics } from './metrics.js';
import { type EndEvent, Runs } from './runs.js';
import type { ServingSettings } from './settings.js';

/** What answers are made with. */
export interface AsksHost {
  readonly clock: Clock;
  readonly loading: Loading;
  readonly budget: Budget | undefined;
  readonly metrics: ModelMetrics;
  readonly settings: ServingSettings;
  readonly watch: AskerWatch;
  /** Something began or ended. */
  changed(): void;
}

/** What is known of a request when it is let in. */
interface Counted {
  readonly loaded: Loaded;
  readonly promptTokens: number;
  readonly arrivedMs: number;
}

const DEFAULT_BAND = 2;

export class Asks {
  readonly runs: Runs;
  readonly answers: Answers;
  readonly #host: AsksHost;
  readonly #queue: RequestQueue<Job>;
  /** By id: what waits or is in a slot. */
  readonly #jobs = new Map<string, Job>();
  readonly #rate = new TokenRate();
  readonly #lengths = new AnswerLength();
  readonly #recent = new RecentBlocks();
  #admitting = 0;
  #reading = 0;
  #refusing: SkepError | undefined;
  /** A backend that failed an answer: it gets no other until it is known to live. */
  #doubted: Loaded | undefined;

  constructor(host: AsksHost) {
    const { clock, loading, metrics, settings } = host;
    const { queueRequests: requests, queueTokens: tokens } = loading.entry;
    const { quantum, ageMs, patienceMs, abortLimitMs } = settings;
    this.#host = host;
    this.#queue = new RequestQueue({ requests, tokens, quantum, ageMs, patienceMs });
    this.answers = new Answers(clock, settings, (answer) => this.#left(answer));
    this.runs = new Runs({
      clock,
      metrics,
      abortLimitMs,
      done: (job, end) => this.#done(job, end),
      failed: (job, error) => this.#runFailed(job, error),
      ahead: (job) => this.#ahead(job),
      freed: () => this.dispatch(),
      stuck: (loaded, reason) => loading.replace(loaded, reason),
    });
  }

  get waiting(): number {
    return this.#queue.size;
  }
  get waitingTokens(): number {
    return this.#queue.tokens;
  }
  get freeSlots(): number {
    const loaded = this.#host.loading.ready;
    return loaded === undefined ? 0 : this.runs.freeOn(loaded);
  }
  /** Streams that are read, those of answers that have ended too. */
  get reading(): number {
    return this.#reading;
  }
  /** Whether nothing is under way for the backend. */
  get idle(): boolean {
    return this.#jobs.size === 0 && this.#admitting === 0 && this.runs.size === 0;
  }
  /** Whether the least request would be refused. */
  get saturated(): boolean {
    const { requests, tokens } = this.#queue.excess(1);
    return requests > 0 || tokens > 0;
  }
  /** Hashes of the beginnings that were answered last. */
  get blocks(): readonly number[] {
    return this.#recent.list();
  }
  get tokensPerSecond(): number | undefined {
    return this.#rate.perSecond(this.#host.clock.now());
  }

  // ---- what askers do ----------------------------------------------------------------------------------------

  /** Parts of an answer, the last of type `end`. @throws SkepError why there is no answer, or no more of it. */
  async *ask(request: AskRequest, asker: Asker): AsyncGenerator<AnswerPart, void, undefined> {
    const answer = await this.#admit(request, asker);
    yield* this.#read(answer, 0, asker);
  }

  /** An answer again, from part `from` on. @throws SkepError ANSWER_GONE, BAD_MESSAGE. */
  async *resume({ id, from }: ResumeRequest, asker: Asker): AsyncGenerator<AnswerPart, void, undefined> {
    const answer = this.answers.get(id);
    if (answer?.keeps !== true)
      throw new SkepError('ANSWER_GONE', `answer ${JSON.stringify(id)} is not kept, or never was`, { id });
    yield* this.#read(answer, from, asker);
  }

  /** Ends an answer; nothing when it has ended already. */
  cancel(id: string): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) this.#fail(job, new SkepError('CALL_CANCELLED', `answer ${id} was cancelled`, { id }));
  }

  async #admit(request: AskRequest, asker: Asker): Promise<Answer> {
    const { loading, metrics, clock } = this.#host;
    let answer: Answer | undefined;
    this.#admitting += 1;
    try {
      if (this.#refusing !== undefined) throw this.#refusing;
      // Those whose tokens are being counted count as well, or a flood would be counted before it is refused.
      if (this.#queue.size + this.#admitting > loading.entry.queueRequests + this.freeSlots) throw this.#busy(1);
      answer = this.answers.open(request.id);
      const arrivedMs = clock.now();
      const loaded = await unlessAborted(loading.get(), asker.signal);
      const promptTokens = await unlessAborted(loaded.backend.countPrompt(request), asker.signal);
      this.#accept(request, asker, answer, { loaded, promptTokens, arrivedMs });
      return answer;
    } catch (thrown) {
      const error = coded(thrown, 'MODEL_FAILED');
      if (answer !== undefined) this.answers.forget(answer);
      if (error.code !== 'CALL_CANCELLED') metrics.rejected(error.code);
      throw error;
    } finally {
      this.#admitting -= 1;
      this.#host.changed();
    }
  }

  #accept(request: AskRequest, asker: Asker, answer: Answer, { loaded, promptTokens, arrivedMs }: Counted): void {
    if (this.#refusing !== undefined) throw this.#refusing;
    const { clock, budget } = this.#host;
    const { contextTokens } = loaded.backend.info;
    const { maxTokens: defaultTokens } = loaded.entry;
    const maxTokens = answerTokens({ promptTokens, maxTokens: request.maxTokens, defaultTokens, contextTokens });
    const weight = promptTokens + maxTokens;
    const { requests, tokens } = this.#queue.excess(weight);
    if (requests > 0 || tokens > 0) throw this.#busy(weight);
    const nowMs = clock.now();
    const agent = request.agent ?? asker.agent;
    const job = new Job({
      id: answer.id,
      agent,
      band: request.priority ?? DEFAULT_BAND,
      arrivedMs,
      deadlineMs: arrivedMs + (request.deadlineMs ?? asker.remainingMs),
      weight,
      cost: promptTokens + this.#lengths.expected(agent, maxTokens),
      request,
      answer,
      promptTokens,
      maxTokens,
      reservation: budget?.reserve(agent, weight, nowMs),
    });
    this.#jobs.set(job.id, job);
    this.#queue.push(job, nowMs);
    if (Number.isFinite(job.deadlineMs))
      job.deadline = clock.after(Math.max(0, job.deadlineMs - nowMs), () => this.#fail(job, lateError(job)));
    this.dispatch();
  }

  async *#read(answer: Answer, from: number, asker: Asker): AsyncGenerator<AnswerPart, void, undefined> {
    const { signal, actor } = asker;
    const reader = answer.open(from);
    this.#readAgain(answer);
    // Nobody may ever ask this generator to go on, so what it holds is given back by whoever hears of that.
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      this.#reading -= 1;
      signal.removeEventListener('abort', leave);
      unwatch();
      reader.close();
    };
    this.#reading += 1;
    const unwatch = this.#host.watch.watch(actor, leave);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      for (;;) {
        const part = await reader.next();
        yield part;
        if (part.type === 'end') return;
      }
    } finally {
      leave();
    }
  }

  /** The reader of an answer went. */
  #left(answer: Answer): void {
    const job = this.#jobs.get(answer.id);
    if (job?.answer !== answer) return;
    if (answer.keeps) this.#graceFor(job);
    else this.#fail(job, new SkepError('CALL_CANCELLED', `nobody reads answer ${job.id} any more`, { id: job.id }));
  }

  /** Gives a job up unless it is read in time. */
  #graceFor(job: Job): void {
    const { clock, settings } = this.#host;
    job.grace?.cancel();
    const text = `nobody read answer ${job.id} for ${settings.graceMs} ms; it was given up`;
    job.grace = clock.after(settings.graceMs, () =>
      this.#fail(job, new SkepError('ANSWER_GONE', text, { id: job.id })),
    );
  }

  /** A reader is there: it has to read only where the model waits for it. */
  #readAgain(answer: Answer): void {
    const job = this.#jobs.get(answer.id);
    if (job?.answer !== answer) return;
    job.grace?.cancel();
    if (job.paused) this.#graceFor(job);
  }

  /** The model is ahead of the reader and waits in its slot. */
  #ahead(job: Job): () => void {
    job.paused = true;
    // Without a reader its time is running already.
    if (job.answer.read) this.#graceFor(job);
    return () => {
      job.paused = false;
      if (job.answer.read) job.grace?.cancel();
    };
  }

  // ---- slots -------------------------------------------------------------------------------------------------

  /** A backend is there, with the bounds of its entry. */
  adopt({ queueRequests: requests, queueTokens: tokens }: ModelEntry): void {
    this.#queue.bound({ requests, tokens });
    this.dispatch();
  }

  /** Gives free slots to what waits. */
  dispatch(): void {
    const { clock, loading } = this.#host;
    for (const late of this.#queue.expired(clock.now())) this.#fail(late, lateError(late));
    const loaded = loading.ready;
    while (loaded !== undefined && loaded !== this.#doubted && this.runs.freeOn(loaded) > 0) {
      const taken = this.#queue.take(clock.now());
      if (taken === undefined) break;
      this.#start(taken, loaded);
    }
    this.#rate.busy(this.runs.size > 0, clock.now());
    this.#host.changed();
  }

  /** A backend is gone: what it computed fails, what waits goes on waiting. */
  lost(loaded: Loaded, reason: Error): void {
    const { name } = loaded.entry;
    this.#recent.clear();
    const text = `the process of model ${name} ended before the answer was complete: ${reason.message}`;
    this.runs.lost(loaded, new SkepError('MODEL_FAILED', text, { model: name }));
    this.dispatch();
  }

  /** Takes nothing more in. */
  refuse(error: SkepError): void {
    this.#refusing = error;
  }

  /** Fails all that waits, and with `all` what is in slots, too. */
  failAll(error: SkepError, all: boolean): void {
    for (const job of [...this.#jobs.values()]) if (all || job.run === undefined) this.#fail(job, error);
  }

  #start(taken: Taken<Job>, loaded: Loaded): void {
    const { request: job } = taken;
    const { contextTokens } = loaded.backend.info;
    if (job.weight <= contextTokens) {
      this.#recent.add(blockHashes(promptText(job.request)));
      this.runs.start(job, taken, loaded);
      return;
    }
    // It was let in by a model that has been replaced since.
    this.#queue.settle(taken, 0);
    const facts = { promptTokens: job.promptTokens, maxTokens: job.maxTokens, contextTokens };
    const text = `the model that is loaded by now has a context of ${contextTokens} tokens; the request needs ${job.weight}`;
    this.#fail(job, new SkepError('CONTEXT_OVERFLOW', text, facts));
  }

  // ---- ends: each job has one --------------------------------------------------------------------------------

  #done(job: Job, { finish, usage, prefillMs, decodeMs }: EndEvent): void {
    if (job.ended) return;
    const nowMs = this.#host.clock.now();
    this.#giveBack(job, usage, nowMs);
    this.#host.metrics.finished(finish, usage, nowMs - job.arrivedMs);
    const timing = { queueMs: (job.run?.startedMs ?? nowMs) - job.arrivedMs, prefillMs, decodeMs };
    const model = job.run?.loaded.backend.info.name ?? this.#host.loading.entry.name;
    job.answer.push({ type: 'end', id: job.id, model, finish, usage, timing });
    this.answers.ended(job.answer);
    this.#host.changed();
  }

  #fail(job: Job, error: SkepError): void {
    if (job.ended) return;
    this.#giveBack(job, job.usage, this.#host.clock.now());
    this.#host.metrics.failed(error.code);
    job.answer.fail(error);
    this.answers.ended(job.answer);
    this.runs.abort(job);
    this.#host.changed();
  }

  /** A backend failed an answer. Perhaps its process is gone, and what waits must not be given to it. */
  #runFailed(job: Job, error: SkepError): void {
    const loaded = job.run?.loaded;
    if (!job.ended && error.code === 'MODEL_FAILED' && loaded !== undefined && loaded === this.#host.loading.ready) {
      this.#doubted = loaded;
      void this.#host.loading.check(loaded).then(() => {
        if (this.#doubted === loaded) this.#doubted = undefined;
        this.dispatch();
      });
    }
    this.#fail(job, error);
  }

  /** Gives back what a job holds, and settles what it took. */
  #giveBack(job: Job, usage: TokenUsage, nowMs: number): void {
    const { budget } = this.#host;
    job.ended = true;
    job.deadline?.cancel();
    job.grace?.cancel();
    this.#jobs.delete(job.id);
    if (job.reservation !== undefined) budget?.settle(job.reservation, usage.input + usage.output, nowMs);
    if (job.run === undefined) {
      this.#queue.remove(job.id);
      return;
    }
    // What was in the cache took nothing from anybody.
    this.#queue.settle(job.run.taken, usage.input - usage.cached + usage.output);
    this.#lengths.ended(job.agent, usage.output);
    this.#rate.done(job.weight, nowMs);
  }

  #busy(weight: number): SkepError {
    return busyError(this.#host.loading.entry.name, this.#queue, weight, this.tokensPerSecond);
  }
}

function lateError({ id, arrivedMs, deadlineMs }: Job): SkepError {
  const timeoutMs = Math.round(deadlineMs - arrivedMs);
  return new SkepError('CALL_TIMEOUT', `the deadline of answer ${id} passed, ${timeoutMs} ms after it was asked for`, {
    id,
    timeoutMs,
  });
}
