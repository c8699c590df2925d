/**
 * A model that is served: its backend, its answers, its vectors, and what is told of it. Here the parts are joined; each
 * is in a file of its own. Everything runs on the event loop of the actor that holds it, beside its messages.
 *
 *     model.ts --> Serving --> Asks   --> RequestQueue, Answers, Runs --.
 *                     |------> Embeds --> RequestQueue -----------------+--> ModelBackend
 *                     '------> Loading -- opens, watches, replaces -----'
 */
import { SkepError } from '#protocols/wire/error';
import type {
  AnswerPart,
  AskRequest,
  EmbedReply,
  EmbedRequest,
  ModelHealth,
  ResumeRequest,
} from '#protocols/wire/inference';
import type { ActorAddress, Metric } from '#runtime';
import type { Clock, Timer } from '#runtime/clock/clock';
import { within } from '#runtime/clock/within';
import type { ModelBackend, ModelInfo } from '../backend.js';
import { type Budget, type BudgetSettings, TokenBudget } from '../budget.js';
import type { ModelEntry } from '../entry.js';
import type { ReplicaReport } from '../routing/choose.js';
import { type Asker, AskerWatch } from './asker.js';
import { Asks } from './asks.js';
import { coded } from './coded.js';
import { Embeds } from './embeds.js';
import { type Loaded, Loading, type OpenModel } from './loading.js';
import { type Counts, ModelMetrics } from './metrics.js';
import type { ServingSettings } from './settings.js';

/** What serving needs of its actor. */
export interface ServingHost {
  readonly clock: Clock;
  readonly open: OpenModel;
  monitor(address: ActorAddress): void;
  demonitor(address: ActorAddress): void;
  /** Says something to the log. */
  warn(text: string, facts: Readonly<Record<string, unknown>>): void;
}

/** What a model is, as far as it is known: `model` only while it is loaded. */
export interface ModelDescription {
  readonly name: string;
  readonly backend: ModelEntry['backend'];
  readonly role: ModelEntry['role'];
  readonly model: ModelInfo | null;
}

/** What a model has done, and does. Plain data. */
export interface ModelStats extends Counts {
  readonly waiting: number;
  readonly waitingTokens: number;
  readonly running: number;
  readonly freeSlots: number;
  readonly embedsWaiting: number;
  /** Streams that are read, those of answers that have ended too. */
  readonly reading: number;
  /** Answers that are written or kept, and of these the kept ones. */
  readonly answers: number;
  readonly answersKept: number;
  /** Actors that are watched because they wait for something. */
  readonly askers: number;
  /** Tokens a second that were got through while busy, as the queue counts them; null before the first. */
  readonly tokensPerSecond: number | null;
}

/** Questions to a backend that may be under way beside answers: counts and tokens. */
const MOST_QUESTIONS = 256;

export class Serving {
  readonly #host: ServingHost;
  readonly #settings: ServingSettings;
  readonly #loading: Loading;
  readonly #asks: Asks;
  readonly #embeds: Embeds;
  readonly #watch: AskerWatch;
  readonly #metrics = new ModelMetrics();
  #questions = 0;
  #swapping = false;
  #idle: Timer | undefined;
  #drained: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  #closed = false;

  constructor(entry: ModelEntry, budget: BudgetSettings | undefined, settings: ServingSettings, host: ServingHost) {
    this.#host = host;
    this.#settings = settings;
    this.#watch = new AskerWatch(
      (address) => host.monitor(address),
      (address) => host.demonitor(address),
    );
    this.#loading = new Loading(entry, host.open, host.clock, {
      ready: (loaded) => this.#ready(loaded),
      lost: (loaded, reason) => this.#lost(loaded, reason),
      failed: (error) => this.#failAll(error, false),
    });
    const shared = {
      clock: host.clock,
      loading: this.#loading,
      budget: budgetOf(budget),
      metrics: this.#metrics,
      settings,
      watch: this.#watch,
      changed: () => this.#changed(),
    };
    this.#asks = new Asks(shared);
    this.#embeds = new Embeds(shared);
  }

  /** Begins to load. What it fails with is told by {@link health}. */
  start(): void {
    this.#loading.get().catch((error: unknown) => {
      const { code, message } = coded(error, 'MODEL_UNAVAILABLE');
      this.#host.warn('model not loaded', { model: this.#loading.entry.name, code, message });
    });
  }

  ask(request: AskRequest, asker: Asker): AsyncGenerator<AnswerPart, void, undefined> {
    return this.#asks.ask(request, asker);
  }

  resume(request: ResumeRequest, asker: Asker): AsyncGenerator<AnswerPart, void, undefined> {
    return this.#asks.resume(request, asker);
  }

  cancel(id: string): void {
    this.#asks.cancel(id);
  }

  embed(request: EmbedRequest, asker: Asker): Promise<EmbedReply> {
    return this.#embeds.embed(request, asker);
  }

  /** Asks the backend something that takes no slot. @throws SkepError MODEL_BUSY, MODEL_UNAVAILABLE. */
  async question<T>(question: (backend: ModelBackend) => Promise<T>): Promise<T> {
    if (this.#questions >= MOST_QUESTIONS) {
      const text = `${MOST_QUESTIONS} questions to model ${this.#loading.entry.name} are under way; ask again later`;
      throw new SkepError('MODEL_BUSY', text, { model: this.#loading.entry.name, retryAfterMs: 100 });
    }
    this.#questions += 1;
    try {
      const { backend } = await this.#loading.get();
      return await question(backend);
    } catch (error) {
      throw coded(error, 'MODEL_FAILED');
    } finally {
      this.#questions -= 1;
      this.#changed();
    }
  }

  /** An actor that is watched ended. */
  down(address: ActorAddress): void {
    this.#watch.down(address);
  }

  /**
   * Puts another entry in the place of this one: it is loaded and warmed while the present one answers, then gets all
   * that waits and comes; the present one may end what it has in hand within `drainMs`.
   * @throws SkepError BAD_USAGE during another swap, or what loading failed with; then nothing has changed.
   */
  async swap(entry: ModelEntry): Promise<ModelDescription> {
    if (this.#swapping) throw new SkepError('BAD_USAGE', `model ${entry.name} is being swapped already`);
    this.#swapping = true;
    try {
      const old = await this.#loading.swap(entry, (loaded) => this.#warm(loaded));
      if (old !== undefined) void this.#retire(old);
      return this.describe();
    } finally {
      this.#swapping = false;
      this.#changed();
    }
  }

  /** Takes nothing more in, ends what it has, and gives its memory back. Resolves when that is done. */
  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const { name } = this.#loading.entry;
    this.#refuse(new SkepError('MODEL_UNAVAILABLE', `model ${name} is going away`, { model: name }));
    while (!this.#nothingToDo) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#loading.close();
  }

  /** Ends it at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle?.cancel();
    const { name } = this.#loading.entry;
    const error = new SkepError('MODEL_UNAVAILABLE', `model ${name} is stopped`, { model: name });
    this.#refuse(error);
    this.#failAll(error, true);
    this.#asks.answers.close();
    await this.#loading.close();
  }

  health(): ModelHealth {
    return { ...this.#loading.health(), saturated: this.#asks.saturated };
  }

  describe(): ModelDescription {
    const { name, backend, role } = this.#loading.entry;
    return { name, backend, role, model: this.#loading.ready?.backend.info ?? null };
  }

  stats(): ModelStats {
    return {
      ...this.#metrics.counts(),
      waiting: this.#asks.waiting,
      waitingTokens: this.#asks.waitingTokens,
      running: this.#asks.runs.size,
      freeSlots: this.#asks.freeSlots,
      embedsWaiting: this.#embeds.waiting,
      reading: this.#asks.reading,
      answers: this.#asks.answers.size,
      answersKept: this.#asks.answers.kept,
      askers: this.#watch.size,
      tokensPerSecond: this.#asks.tokensPerSecond ?? null,
    };
  }

  metrics(): readonly Metric[] {
    return this.#metrics.metrics(this.#loading.entry.name, {
      running: this.#asks.runs.size,
      waiting: this.#asks.waiting,
      waitingTokens: this.#asks.waitingTokens,
      embedsWaiting: this.#embeds.waiting,
      answersKept: this.#asks.answers.kept,
      ready: this.#loading.ready !== undefined,
    });
  }

  /** What routers are told; `replica` names this model among its like. */
  report(replica: string): ReplicaReport {
    const loaded = this.#loading.ready;
    return {
      replica,
      slots: loaded?.backend.info.slots ?? 0,
      freeSlots: this.#asks.freeSlots,
      queueTokens: this.#asks.waitingTokens,
      decodeTokens: this.#asks.runs.tokensLeft,
      full: loaded === undefined || this.#asks.saturated,
      blocks: this.#asks.blocks,
    };
  }

  get #nothingToDo(): boolean {
    return this.#asks.idle && this.#embeds.idle && this.#questions === 0;
  }

  #ready({ entry }: Loaded): void {
    this.#asks.adopt(entry);
    this.#embeds.adopt(entry);
  }

  #lost(loaded: Loaded, reason: Error): void {
    const { name } = loaded.entry;
    this.#host.warn('backend of a model is gone', { model: name, reason: reason.message });
    this.#asks.lost(loaded, reason);
    this.#embeds.lost(
      new SkepError('MODEL_FAILED', `the process of model ${name} ended: ${reason.message}`, { model: name }),
    );
  }

  #refuse(error: SkepError): void {
    this.#asks.refuse(error);
    this.#embeds.refuse(error);
  }

  #failAll(error: SkepError, all: boolean): void {
    this.#asks.failAll(error, all);
    this.#embeds.failAll(error, all);
  }

  /** The first request of a process pays for what is loaded late; nobody should have to wait for that. */
  async #warm({ backend, entry }: Loaded): Promise<void> {
    const { signal } = new AbortController();
    if (entry.role === 'embedding') await backend.embed(['warm'], signal);
    else {
      const work = { id: 'warm', prompt: 'warm', maxTokens: 1, temperature: 0, timeLeftMs: this.#settings.drainMs };
      for await (const event of backend.generate(work, signal)) if (event.type === 'end') break;
    }
  }

  /** Lets a backend that was replaced end what it has in hand, for a while. */
  async #retire(old: Loaded): Promise<void> {
    const { clock } = this.#host;
    if (!(await within(clock, this.#settings.drainMs, this.#asks.runs.drained(old)))) {
      const text = `model ${old.entry.name} was replaced and had ${this.#settings.drainMs} ms to end this answer`;
      this.#asks.runs.lost(old, new SkepError('MODEL_UNAVAILABLE', text, { model: old.entry.name }));
    }
    await old.backend.close().catch((error: unknown) => {
      this.#host.warn('backend not closed', { model: old.entry.name, error });
    });
  }

  /** Something began or ended: whoever waits for an end may go on, and time without work is counted. */
  #changed(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    if (!this.#nothingToDo || this.#closed) return;
    const resolve = this.#onIdle;
    this.#onIdle = undefined;
    resolve?.();
    const { keepAliveMs } = this.#loading.entry;
    if (keepAliveMs === 0 || this.#loading.ready === undefined || this.#swapping) return;
    this.#idle = this.#host.clock.after(keepAliveMs, () => {
      // Somebody may be on the way in by now.
      if (this.#nothingToDo) this.#loading.unload();
    });
  }
}

function budgetOf(settings: BudgetSettings | undefined): Budget | undefined {
  return settings === undefined ? undefined : new TokenBudget(settings);
}
