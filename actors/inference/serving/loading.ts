/**
 * The backend of a model over time: loaded when it is needed, once for all who wait for it; watched while it is down;
 * replaced by another. The actor lives through all of it.
 *
 *                 .--- nobody asks for keepAliveMs ---.
 *                 v                                   |
 *            unloaded --- get() ---> loading ------> ready <--- it answers again ---.
 *                 ^                   |    ^           '------- onDown -------> down
 *                 |             fails |    |                                      |
 *                 |                   v    | retryAtMs                            | silent for REOPEN_MS
 *                 |                 failed '--------------------------------------'
 *                 '---------------------------------- close() --> closed, from everywhere
 *
 * A backend that went down starts itself again (`ModelBackend.onDown`). That it is up shows when it counts the tokens of a
 * text, which costs next to nothing and reaches the process that computes; so that is what is asked, again after a quarter
 * of the time that it has been down.
 */
import { SkepError, unreachable } from '#protocols/wire/error';
import type { ModelHealth } from '#protocols/wire/inference';
import type { Clock, Timer } from '#runtime/clock/clock';
import type { ModelBackend } from '../backend.js';
import type { ModelEntry } from '../entry.js';
import { coded } from './coded.js';

/** Opens the backend of an entry. */
export type OpenModel = (entry: ModelEntry) => Promise<ModelBackend>;

/** A backend that is loaded. */
export interface Loaded {
  readonly entry: ModelEntry;
  readonly backend: ModelBackend;
}

/** What others do when the backend comes and goes. */
export interface LoadEvents {
  /** It answers from now on. */
  ready(loaded: Loaded): void;
  /** It answers no more, and what it held is lost. */
  lost(loaded: Loaded, reason: Error): void;
  /** It will not be back by itself. */
  failed(error: SkepError): void;
}

type State =
  | { readonly type: 'unloaded' }
  | { readonly type: 'loading' }
  | { readonly type: 'ready'; readonly loaded: Loaded }
  | { readonly type: 'down'; readonly loaded: Loaded; readonly sinceMs: number; readonly reason: string }
  | { readonly type: 'failed'; readonly error: SkepError; readonly retryAtMs: number }
  | { readonly type: 'closed' };

/** Milliseconds between two questions to a backend that is down: the shortest pause, and the longest. */
const PROBE_MS = 50;
const LONGEST_PROBE_MS = 2_000;
/** Milliseconds after which a question counts as not answered, and a backend as not coming back by itself. */
const PROBE_LIMIT_MS = 5_000;
const REOPEN_MS = 60_000;
/** Milliseconds until loading is tried again: at first, doubled each time, and at most. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** What is told to those who ask when nothing is known of how long it takes. */
const UNKNOWN_MS = 1_000;
const SOONEST_MS = 50;

/** Failures that loading again does not cure. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'MODEL_FILE_BAD',
  'MODEL_QUARANTINED',
  'BAD_CONFIG',
  'PROVIDER_REFUSED',
]);

/** The backend of one model. */
export class Loading {
  readonly #open: OpenModel;
  readonly #clock: Clock;
  readonly #events: LoadEvents;
  #entry: ModelEntry;
  #state: State = { type: 'unloaded' };
  #load: Promise<Loaded> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #failures = 0;
  /** How long the last load or recovery took. */
  #lastMs = UNKNOWN_MS;
  #beganMs = 0;

  constructor(entry: ModelEntry, open: OpenModel, clock: Clock, events: LoadEvents) {
    this.#entry = entry;
    this.#open = open;
    this.#clock = clock;
    this.#events = events;
  }

  get entry(): ModelEntry {
    return this.#entry;
  }

  /** The backend, while it answers. */
  get ready(): Loaded | undefined {
    return this.#state.type === 'ready' ? this.#state.loaded : undefined;
  }

  /** Whether it is of use, and in words why not. */
  health(): Omit<ModelHealth, 'saturated'> {
    const state = this.#state;
    switch (state.type) {
      case 'ready':
        return { live: true, ready: true };
      case 'unloaded':
        return { live: true, ready: false, reason: 'unloaded; it is loaded when it is asked' };
      case 'loading':
        return { live: true, ready: false, reason: 'loading' };
      case 'down':
        return { live: true, ready: false, reason: `starting again: ${state.reason}` };
      case 'failed':
        return {
          live: Number.isFinite(state.retryAtMs),
          ready: false,
          reason: `${state.error.code}: ${state.error.message}`,
        };
      case 'closed':
        return { live: false, ready: false, reason: 'stopped' };
      default:
        return unreachable(state);
    }
  }

  /**
   * The backend, loaded if it is not.
   * @throws SkepError MODEL_UNAVAILABLE with `retryAfterMs` while it starts again, or what loading it for good failed with.
   */
  async get(): Promise<Loaded> {
    const state = this.#state;
    switch (state.type) {
      case 'ready':
        return state.loaded;
      case 'unloaded':
        return this.#begin();
      case 'loading':
        return this.#load ?? this.#begin();
      case 'down':
        throw this.#unavailable(`is starting again: ${state.reason}`, this.#beganMs + this.#lastMs);
      case 'failed':
        if (!Number.isFinite(state.retryAtMs)) throw state.error;
        throw this.#unavailable(`could not be loaded: ${state.error.message}`, state.retryAtMs, state.error);
      case 'closed':
        throw this.#unavailable('is stopped');
      default:
        return unreachable(state);
    }
  }

  /** Gives the memory back; it is loaded again when it is asked. */
  unload(): void {
    const loaded = this.ready;
    if (loaded === undefined) return;
    this.#state = { type: 'unloaded' };
    this.#closing = closed(loaded);
  }

  /** The backend does not do as it must: it is closed, and opened anew. */
  replace(loaded: Loaded, reason: Error): void {
    if (this.ready !== loaded) return;
    this.#state = { type: 'unloaded' };
    this.#closing = closed(loaded);
    this.#events.lost(loaded, reason);
    this.#begin().catch(() => {});
  }

  /**
   * Whether a backend that failed an answer still answers. One that does not is down, whether it said so or not: a
   * process that has just ended may fail what it held before it is known to be gone.
   */
  async check(loaded: Loaded): Promise<boolean> {
    const error = await this.#asked(loaded);
    if (error !== undefined && this.ready === loaded) this.#down(loaded, error);
    return error === undefined;
  }

  /**
   * Loads another entry while the present one answers, and takes it in its place once it is warm. Gives the one before,
   * for its holder to drain and close; the present one stays when the other cannot be loaded.
   * @throws SkepError what opening or warming failed with.
   */
  async swap(entry: ModelEntry, warm: (loaded: Loaded) => Promise<void>): Promise<Loaded | undefined> {
    const next = await this.#openChecked(entry);
    try {
      await warm(next);
    } catch (error) {
      await closed(next);
      throw coded(error, 'MODEL_UNAVAILABLE');
    }
    const state = this.#state;
    if (state.type === 'closed') {
      await closed(next);
      throw this.#unavailable('is stopped');
    }
    this.#entry = entry;
    this.#up(next);
    return state.type === 'ready' || state.type === 'down' ? state.loaded : undefined;
  }

  /** Ends it. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { type: 'closed' };
    this.#timer?.cancel();
    if (state.type === 'ready' || state.type === 'down') await closed(state.loaded);
    await this.#closing;
  }

  #begin(): Promise<Loaded> {
    this.#state = { type: 'loading' };
    this.#beganMs = this.#clock.now();
    this.#timer?.cancel();
    const load = this.#attempt().finally(() => {
      if (this.#load === load) this.#load = undefined;
    });
    this.#load = load;
    return load;
  }

  async #attempt(): Promise<Loaded> {
    let loaded: Loaded;
    try {
      await this.#closing;
      loaded = await this.#openChecked(this.#entry);
    } catch (thrown) {
      const error = coded(thrown, 'MODEL_UNAVAILABLE');
      if (this.#state.type === 'loading') this.#failed(error);
      throw error;
    }
    if (this.#state.type !== 'loading') {
      // A swap was quicker, or the end came.
      await closed(loaded);
      if (this.ready !== undefined) return this.ready;
      throw this.#unavailable('is going away');
    }
    this.#took();
    this.#up(loaded);
    return loaded;
  }

  async #openChecked(entry: ModelEntry): Promise<Loaded> {
    const loaded: Loaded = { entry, backend: await this.#open(entry) };
    loaded.backend.onDown((reason) => this.#down(loaded, reason));
    return loaded;
  }

  /** What was begun is done: the next will probably take as long. */
  #took(): void {
    this.#lastMs = Math.max(SOONEST_MS, this.#clock.now() - this.#beganMs);
  }

  #up(loaded: Loaded): void {
    this.#timer?.cancel();
    this.#failures = 0;
    this.#state = { type: 'ready', loaded };
    this.#events.ready(loaded);
  }

  #failed(error: SkepError): void {
    const forGood = FOR_GOOD.has(error.code);
    const pauseMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    const retryAtMs = forGood ? Number.POSITIVE_INFINITY : this.#clock.now() + pauseMs;
    this.#state = { type: 'failed', error, retryAtMs };
    if (forGood) this.#events.failed(error);
    else this.#timer = this.#clock.after(pauseMs, () => void this.#begin().catch(() => {}));
  }

  #down(loaded: Loaded, reason: Error): void {
    // One that is drained after a swap goes down too; nobody waits for it to come back.
    if (this.ready === loaded) {
      this.#beganMs = this.#clock.now();
      this.#state = { type: 'down', loaded, sinceMs: this.#beganMs, reason: reason.message };
      this.#probeIn(PROBE_MS, loaded);
    }
    this.#events.lost(loaded, reason);
  }

  #probeIn(pauseMs: number, loaded: Loaded): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(pauseMs, () => void this.#probe(loaded));
  }

  async #probe(loaded: Loaded): Promise<void> {
    const answer = await this.#asked(loaded);
    const state = this.#state;
    if (state.type !== 'down' || state.loaded !== loaded) return;
    if (answer === undefined) {
      this.#took();
      this.#up(loaded);
      return;
    }
    const given = FOR_GOOD.has(answer.code);
    const downMs = this.#clock.now() - state.sinceMs;
    if (!given && downMs < REOPEN_MS) {
      this.#probeIn(Math.min(LONGEST_PROBE_MS, Math.max(PROBE_MS, downMs / 4)), loaded);
      return;
    }
    this.#closing = closed(loaded);
    if (given) this.#failed(answer);
    else this.#begin().catch(() => {});
  }

  /** Undefined when the backend answers. */
  async #asked({ backend }: Loaded): Promise<SkepError | undefined> {
    let timer: Timer | undefined;
    const silent = new Promise<SkepError>((resolve) => {
      const error = new SkepError('MODEL_UNAVAILABLE', `no answer within ${PROBE_LIMIT_MS} ms`);
      timer = this.#clock.after(PROBE_LIMIT_MS, () => resolve(error));
    });
    try {
      const counted = backend.countPrompt({ prompt: 'up?' }).then(
        () => undefined,
        (error: unknown) => coded(error, 'MODEL_UNAVAILABLE'),
      );
      return await Promise.race([counted, silent]);
    } finally {
      timer?.cancel();
    }
  }

  #unavailable(what: string, untilMs?: number, cause?: SkepError): SkepError {
    const retryAfterMs =
      untilMs === undefined ? undefined : Math.ceil(Math.max(SOONEST_MS, untilMs - this.#clock.now()));
    const when = retryAfterMs === undefined ? '' : `; ask again in ${retryAfterMs} ms`;
    const facts = { model: this.#entry.name, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return new SkepError('MODEL_UNAVAILABLE', `model ${this.#entry.name} ${what}${when}`, facts, cause);
  }
}

/** Closes a backend; that it cannot even do that is of no use to anybody. */
async function closed({ backend }: Loaded): Promise<void> {
  await backend.close().catch(() => {});
}
