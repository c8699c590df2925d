/**
 * Vectors for texts. They have a queue of their own, with the order and the bounds of that for answers, because they take
 * no slot and would wait behind long answers for nothing. Requests that come within `batchMs` share one call of the
 * backend, and what comes during a call shares the next: the calls of a busy model fill by themselves.
 */
import { SkepError } from '#protocols/wire/error';
import type { EmbedReply, EmbedRequest } from '#protocols/wire/inference';
import type { Timer } from '#runtime/clock/clock';
import type { Reservation } from '../budget.js';
import type { ModelEntry } from '../entry.js';
import { busyError } from '../queue/admission.js';
import type { Queued } from '../queue/request.js';
import { RequestQueue, type Taken } from '../queue/request-queue.js';
import { TokenRate } from '../queue/token-rate.js';
import type { Asker } from './asker.js';
import type { AsksHost } from './asks.js';
import { coded } from './coded.js';
import type { Loaded } from './loading.js';

/** A request for vectors that waits or is in a call. */
interface EmbedJob extends Queued {
  readonly texts: readonly string[];
  readonly reservation: Reservation | undefined;
  readonly resolve: (reply: EmbedReply) => void;
  readonly reject: (error: SkepError) => void;
  unwatch: () => void;
  deadline: Timer | undefined;
  ended: boolean;
}

/** A text of so many characters is about one token; the backend says how many it was in truth. */
const CHARACTERS_PER_TOKEN = 4;
const DEFAULT_BAND = 2;
/** What ends a call for all that are in it; of anything else one text may be the cause. */
const OF_ALL: ReadonlySet<string> = new Set(['MODEL_FAILED', 'MODEL_UNAVAILABLE', 'CALL_CANCELLED', 'CIRCUIT_OPEN']);

export class Embeds {
  readonly #host: AsksHost;
  readonly #queue: RequestQueue<EmbedJob>;
  readonly #rate = new TokenRate();
  /** The call under way. */
  #calling: { readonly jobs: readonly EmbedJob[]; readonly controller: AbortController } | undefined;
  #timer: Timer | undefined;
  #admitting = 0;
  #made = 0;
  #refusing: SkepError | undefined;

  constructor(host: AsksHost) {
    const { queueRequests: requests, queueTokens: tokens } = host.loading.entry;
    const { quantum, ageMs, patienceMs } = host.settings;
    this.#host = host;
    this.#queue = new RequestQueue({ requests, tokens, quantum, ageMs, patienceMs });
  }

  get waiting(): number {
    return this.#queue.size;
  }
  get idle(): boolean {
    return this.#queue.size === 0 && this.#admitting === 0 && this.#calling === undefined;
  }

  /** Vectors for texts, in their order. @throws SkepError why there are none. */
  async embed(request: EmbedRequest, asker: Asker): Promise<EmbedReply> {
    const { loading, metrics, clock } = this.#host;
    const arrivedMs = clock.now();
    let reply: Promise<EmbedReply>;
    this.#admitting += 1;
    try {
      if (this.#refusing !== undefined) throw this.#refusing;
      if (this.#queue.size + this.#admitting > loading.entry.queueRequests) throw this.#busy(1);
      const { backend, entry } = await loading.get();
      if (!backend.info.embeds) {
        const text = `model ${entry.name} makes no vectors: ask one whose role is "embedding"`;
        throw new SkepError('BAD_MESSAGE', text, { model: entry.name });
      }
      reply = this.#accept(request, asker, arrivedMs);
    } catch (thrown) {
      const error = coded(thrown, 'MODEL_FAILED');
      metrics.rejected(error.code);
      throw error;
    } finally {
      this.#admitting -= 1;
      this.#host.changed();
    }
    return reply;
  }

  /** A backend is there, with the bounds of its entry. */
  adopt({ queueRequests: requests, queueTokens: tokens }: ModelEntry): void {
    this.#queue.bound({ requests, tokens });
    if (this.#queue.size > 0) this.#soon(0);
  }

  /** A backend is gone, and the call with it. */
  lost(error: SkepError): void {
    const calling = this.#calling;
    if (calling === undefined) return;
    // Its backend may never say a word again: nobody waits for that.
    this.#calling = undefined;
    for (const job of calling.jobs) this.#fail(job, error);
    calling.controller.abort();
  }

  refuse(error: SkepError): void {
    this.#refusing = error;
  }

  /** Fails all that waits, and with `all` what is in a call, too. */
  failAll(error: SkepError, all: boolean): void {
    for (const job of [...this.#queue]) this.#fail(job, error);
    if (all) this.lost(error);
  }

  #accept({ texts, agent, priority, deadlineMs }: EmbedRequest, asker: Asker, arrivedMs: number): Promise<EmbedReply> {
    if (this.#refusing !== undefined) throw this.#refusing;
    const { clock, budget, watch } = this.#host;
    const weight = texts.reduce((sum, text) => sum + 1 + Math.ceil(text.length / CHARACTERS_PER_TOKEN), 0);
    const { requests, tokens } = this.#queue.excess(weight);
    if (requests > 0 || tokens > 0) throw this.#busy(weight);
    const nowMs = clock.now();
    const whose = agent ?? asker.agent;
    const reservation = budget?.reserve(whose, weight, nowMs);
    return new Promise((resolve, reject) => {
      const job: EmbedJob = {
        id: String((this.#made += 1)),
        agent: whose,
        band: priority ?? DEFAULT_BAND,
        arrivedMs,
        deadlineMs: arrivedMs + (deadlineMs ?? asker.remainingMs),
        weight,
        cost: weight,
        texts,
        reservation,
        resolve,
        reject,
        unwatch: () => {},
        deadline: undefined,
        ended: false,
      };
      this.#queue.push(job, nowMs);
      if (Number.isFinite(job.deadlineMs))
        job.deadline = clock.after(Math.max(0, job.deadlineMs - nowMs), () => this.#fail(job, lateError(job)));
      job.unwatch = watch.watch(asker.actor, () =>
        this.#fail(job, new SkepError('CALL_CANCELLED', 'its asker is gone')),
      );
      this.#soon(this.#host.settings.batchMs);
    });
  }

  #soon(delayMs: number): void {
    if (this.#timer !== undefined || this.#calling !== undefined) return;
    this.#timer = this.#host.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#call();
    });
  }

  /** One call for what waits, as far as it goes into one. Never rejects. */
  async #call(): Promise<void> {
    const { clock, loading } = this.#host;
    const loaded = loading.ready;
    if (loaded === undefined || this.#calling !== undefined) return;
    for (const late of this.#queue.expired(clock.now())) this.#fail(late, lateError(late));
    const batch = this.#batch();
    if (batch.length === 0) return;
    this.#rate.busy(true, clock.now());
    await this.#compute(batch, loaded);
    this.#rate.busy(false, clock.now());
    this.#host.changed();
    // What came meanwhile has waited long enough for others.
    if (this.#queue.size > 0) this.#soon(0);
  }

  #batch(): readonly Taken<EmbedJob>[] {
    const batch: Taken<EmbedJob>[] = [];
    let texts = 0;
    while (texts < this.#host.settings.batchTexts) {
      const taken = this.#queue.take(this.#host.clock.now());
      if (taken === undefined) break;
      batch.push(taken);
      texts += taken.request.texts.length;
    }
    return batch;
  }

  async #compute(batch: readonly Taken<EmbedJob>[], loaded: Loaded): Promise<void> {
    const { clock, metrics } = this.#host;
    const jobs = batch.map(({ request }) => request);
    const controller = new AbortController();
    const calling = { jobs, controller };
    this.#calling = calling;
    const texts = jobs.flatMap((job) => [...job.texts]);
    try {
      const { vectors, tokens } = await loaded.backend.embed(texts, controller.signal);
      if (vectors.length !== texts.length) {
        const text = `${vectors.length} vectors came for ${texts.length} texts`;
        throw new SkepError('BAD_ANSWER', text, { vectors: vectors.length, texts: texts.length });
      }
      metrics.embedded(texts.length, tokens);
      this.#share(batch, loaded, vectors, tokens);
    } catch (thrown) {
      const error = coded(thrown, 'MODEL_FAILED');
      if (batch.length > 1 && !OF_ALL.has(error.code) && !jobs.every(({ ended }) => ended)) {
        // One text may have spoilt it for all: each request is asked for alone.
        for (const one of batch) if (!one.request.ended) await this.#compute([one], loaded);
      } else for (const job of jobs) this.#fail(job, error);
    } finally {
      if (this.#calling === calling) this.#calling = undefined;
      for (const { weight } of jobs) this.#rate.done(weight, clock.now());
    }
  }

  /** Gives each request its vectors, and its part of the tokens by length; the parts add up to the whole. */
  #share(
    batch: readonly Taken<EmbedJob>[],
    loaded: Loaded,
    vectors: readonly (readonly number[])[],
    tokens: number,
  ): void {
    const whole = batch.reduce((sum, { request }) => sum + request.weight, 0);
    let from = 0;
    let before = 0;
    let given = 0;
    for (const taken of batch) {
      const { request: job } = taken;
      before += job.weight;
      const share = Math.round((tokens * before) / whole) - given;
      given += share;
      const own = vectors.slice(from, from + job.texts.length).map((vector) => [...vector]);
      from += job.texts.length;
      this.#queue.settle(taken, share);
      if (!this.#giveBack(job, share)) continue;
      job.resolve({ model: loaded.backend.info.name, vectors: own, usage: { input: share, cached: 0, output: 0 } });
    }
  }

  #fail(job: EmbedJob, error: SkepError): void {
    if (!this.#giveBack(job, 0)) return;
    this.#host.metrics.failed(error.code);
    job.reject(error);
    // A call that nobody waits for any more is not worth its time.
    if (this.#calling?.jobs.every(({ ended }) => ended) === true) this.#calling.controller.abort();
  }

  /** Gives back what a job holds; false when it has ended before. */
  #giveBack(job: EmbedJob, tokens: number): boolean {
    if (job.ended) return false;
    job.ended = true;
    job.deadline?.cancel();
    job.unwatch();
    this.#queue.remove(job.id);
    if (job.reservation !== undefined) this.#host.budget?.settle(job.reservation, tokens, this.#host.clock.now());
    return true;
  }

  #busy(weight: number): SkepError {
    const { loading, clock } = this.#host;
    return busyError(loading.entry.name, this.#queue, weight, this.#rate.perSecond(clock.now()));
  }
}

function lateError({ arrivedMs, deadlineMs }: Queued): SkepError {
  const timeoutMs = Math.round(deadlineMs - arrivedMs);
  return new SkepError('CALL_TIMEOUT', `the deadline of the request passed, ${timeoutMs} ms after it came`, {
    timeoutMs,
  });
}
