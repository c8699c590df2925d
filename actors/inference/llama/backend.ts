/**
 * A GGUF file behind the port of a model. The file is checked before native code sees it, the model lives in a process
 * of its own, and when that process ends it is started again with back-off:
 *
 *     openLlama --check, estimate--> loading --> up --exit--> waiting (back-off) --> loading --> up ...
 *                                      |          \--second early crash--> quarantined
 *                                      +--twice--> MODEL_QUARANTINED
 *
 * A request that comes while it is down waits for it as long as its own time allows; those that it had when it went down
 * have ended with MODEL_FAILED. See docs/inference/llama.md.
 */
import { availableParallelism, freemem } from 'node:os';
import { SkepError, toWireError } from '#protocols/wire/error';
import type { ModelBackend, ModelInfo, Work, WorkEvent } from '../backend.js';
import type { LlamaEntry } from '../entry.js';
import { checkGguf } from '../gguf/check.js';
import { estimateMemory } from '../gguf/memory.js';
import { checkFormSize } from './grammar/grammars.js';
import { Child, defaultPatience, type Exit, type Patience, tell } from './process.js';
import type { Counters, CountedPrompt, LoadSpec, Reply } from './protocol.js';
import { type FileIdentity, identify, quarantine } from './quarantine.js';
import { type Asked, Session } from './session.js';
import { spares } from './spares.js';

/** Sequences that llama.cpp takes at most. */
const mostSequences = 256;
/** Tokens of a context where the entry does not say. */
const usualContext = 8_192;
/** The first wait before a restart, and the longest. A life of `longestWaitMs` and more begins again at the first. */
const firstWaitMs = 100;
const longestWaitMs = 30_000;

/** Keys and values are kept as F16. */
const bytesOfHalf = 2;

/** What was found out about a file. */
interface Findings {
  readonly contextTokens: number;
  readonly bytesPerToken: number;
  readonly neededBytes: number;
  readonly identity: FileIdentity;
}

/** What a person does not configure. */
export interface LlamaOptions {
  readonly patience?: Patience;
  /** Bytes that are free for models; default: what the operating system says. */
  readonly freeBytes?: () => number;
}

/** The backend of a GGUF file, with what only this kind has. */
export interface LlamaBackend extends ModelBackend {
  /** What its child has counted. @throws SkepError MODEL_FAILED. */
  counters(): Promise<Counters>;
  /** The process it lives in, while it has one. */
  readonly pid: number | undefined;
}

/**
 * Loads a model.
 * @throws SkepError MODEL_FILE_BAD, MODEL_QUARANTINED, MODEL_UNAVAILABLE, OUT_OF_MEMORY, BAD_CONFIG.
 */
export async function openLlama(entry: LlamaEntry, options: LlamaOptions = {}): Promise<LlamaBackend> {
  if (entry.sequences > mostSequences) {
    throw new SkepError('BAD_CONFIG', `sequences of ${entry.name}: at most ${mostSequences}; found ${entry.sequences}`);
  }
  if (entry.threads > availableParallelism() * 4) {
    throw new SkepError(
      'BAD_CONFIG',
      `threads of ${entry.name}: this machine has ${availableParallelism()} processors; found ${entry.threads}`,
    );
  }
  const facts = await checkGguf(entry.path);
  const contextTokens = entry.contextTokens ?? Math.min(facts.contextTokens, usualContext);
  const estimate = estimateMemory(facts, { contextTokens, sequences: entry.sequences });
  const identity = await identify(entry.path);
  quarantine.check(identity);
  spares.retain();
  const bytesPerToken = facts.kvElements * bytesOfHalf;
  const model = new LlamaProcess(
    entry,
    { contextTokens, bytesPerToken, neededBytes: estimate.totalBytes, identity },
    options,
  );
  try {
    await model.open();
    return model;
  } catch (error) {
    spares.release();
    throw error;
  }
}

/** Lets a file that is in quarantine be tried again. */
export function liftQuarantine(path: string): void {
  quarantine.lift(path);
}

/** A model in a process that is kept alive. */
class LlamaProcess implements LlamaBackend {
  readonly #entry: LlamaEntry;
  readonly #spec: LoadSpec;
  readonly #identity: FileIdentity;
  readonly #neededBytes: number;
  readonly #patience: Patience;
  readonly #freeBytes: () => number;
  readonly #listeners: ((reason: Error) => void)[] = [];
  #memoryBytes = 0;
  #session: Session | undefined;
  /** Settles when a restart under way is over; its rejection is the reason why there is no model. */
  #restart: Promise<Session> | undefined;
  #restarts = 0;
  #retryAtMs = 0;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(
    entry: LlamaEntry,
    { contextTokens, bytesPerToken, neededBytes, identity }: Findings,
    { patience = defaultPatience, freeBytes = freeMemory }: LlamaOptions,
  ) {
    const { path, sequences, threads, prefillChunk, prefixCacheBytes, gpu } = entry;
    this.#entry = entry;
    const gpuLayers = gpu === 'off' ? 0 : gpu;
    const computing = { sequences, threads, gpuLayers, prefillChunk };
    this.#spec = { path, contextTokens, ...computing, prefixCacheBytes, bytesPerToken };
    this.#identity = identity;
    this.#neededBytes = neededBytes;
    this.#patience = patience;
    this.#freeBytes = freeBytes;
  }

  get info(): ModelInfo {
    const { name, sequences } = this.#entry;
    return {
      name,
      backend: 'llama',
      contextTokens: this.#spec.contextTokens,
      slots: sequences,
      embeds: true,
      tools: true,
      memoryBytes: this.#memoryBytes,
    };
  }

  get pid(): number | undefined {
    return this.#session?.pid;
  }

  /** The first load. A file that ends its process is tried once more, then it is in quarantine. */
  async open(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      quarantine.check(this.#identity);
      if (!isDeath(error)) throw error;
      await this.#load().catch((second: unknown) => {
        quarantine.check(this.#identity);
        throw second;
      });
    }
  }

  async *generate(work: Work, signal: AbortSignal): AsyncIterable<WorkEvent> {
    checkFormSize({ schema: work.schema, tools: work.tools ?? [] });
    const session = await this.#up(signal, work.timeLeftMs);
    yield* session.answer(work, signal);
  }

  async embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }> {
    const reply = await this.#request({ type: 'embed', texts }, 'embedded', signal);
    return { vectors: reply.vectors, tokens: reply.tokens };
  }

  async tokenize(text: string): Promise<readonly number[]> {
    return (await this.#request({ type: 'tokenize', text }, 'tokenized')).tokens;
  }

  async countPrompt(prompt: CountedPrompt): Promise<number> {
    return (await this.#request({ type: 'count', prompt }, 'counted')).tokens;
  }

  async counters(): Promise<Counters> {
    return (await this.#request({ type: 'counters' }, 'counters')).counters;
  }

  onDown(listener: (reason: Error) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort(new SkepError('MODEL_UNAVAILABLE', `${this.#entry.name} was closed`));
    await this.#restart?.catch(() => undefined);
    await this.#session?.close();
    spares.release();
  }

  async #request<T extends Reply['type']>(
    asked: Asked,
    type: T,
    signal: AbortSignal = this.#closing.signal,
  ): Promise<Extract<Reply, { readonly type: T }>> {
    const session = await this.#up(signal, longestWaitMs);
    const reply = await session.request(asked, signal);
    if (!isReply(reply, type)) throw new SkepError('INTERNAL', `asked for ${type} and got ${reply.type}`);
    return reply;
  }

  /** The session that answers now; waits for a restart as long as the asker can. */
  async #up(signal: AbortSignal, timeLeftMs: number): Promise<Session> {
    const { name } = this.#entry;
    if (this.#isClosed) throw new SkepError('MODEL_UNAVAILABLE', `${name} was closed`);
    if (this.#session !== undefined) return this.#session;
    quarantine.check(this.#identity);
    const retryAfterMs = Math.max(1, Math.round(this.#retryAtMs - performance.now()));
    if (this.#restart === undefined || retryAfterMs > timeLeftMs) {
      throw new SkepError('MODEL_UNAVAILABLE', `${name} is starting again`, { retryAfterMs });
    }
    return within(this.#restart, signal, timeLeftMs, name);
  }

  /** Loads the model into a child. @throws SkepError. */
  async #load(): Promise<Session> {
    const { isolation, gpu, path } = this.#entry;
    const useGpu = gpu !== 'off';
    const child =
      isolation === 'thread'
        ? await Child.start('thread', useGpu, this.#patience)
        : await spares.take(useGpu, this.#patience);
    try {
      if (child.gpu === false) this.#checkMemory();
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      child.kill('has no model to load');
      throw error;
    }
    try {
      const { session, loaded } = await Session.load(child, this.#spec, () => quarantine.clear(this.#identity));
      this.#memoryBytes = loaded.memoryBytes;
      this.#session = session;
      const bornMs = performance.now();
      void session.ended.then((exit) => this.#gone(session, exit, performance.now() - bornMs));
      if (isolation === 'process') spares.refill(useGpu, this.#patience);
      return session;
    } catch (error) {
      if (isDeath(error)) {
        const exit = await child.exited;
        if (exit.isCrash) quarantine.note(this.#identity, `while ${path} was loaded: ${tell(exit)}`);
      }
      throw error;
    }
  }

  #checkMemory(): void {
    const freeBytes = this.#freeBytes();
    if (this.#neededBytes <= freeBytes) return;
    const { name } = this.#entry;
    const [needed, free] = [this.#neededBytes, freeBytes].map((bytes) => Math.ceil(bytes / 1_048_576));
    throw new SkepError('OUT_OF_MEMORY', `${name} needs about ${needed} MiB and ${free} MiB are free`, {
      neededBytes: this.#neededBytes,
      freeBytes,
    });
  }

  /** A session ended. */
  #gone(session: Session, exit: Exit, livedMs: number): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    if (this.#isClosed) return;
    const isBad = exit.isCrash && !session.isProven;
    const isQuarantined = isBad && quarantine.note(this.#identity, `at its first tokens: ${tell(exit)}`);
    if (livedMs > longestWaitMs) this.#restarts = 0;
    if (!isQuarantined) this.#restartLater();
    const reason = new SkepError('MODEL_FAILED', `the process of ${this.#entry.name} ended: ${tell(exit)}`, {
      how: exit.how,
    });
    for (const listener of this.#listeners) listener(reason);
  }

  /** Starts again behind a wait that doubles each time, shortened by chance so that many do not start at once. */
  #restartLater(): void {
    const longest = Math.min(firstWaitMs * 2 ** this.#restarts, longestWaitMs);
    const waitMs = longest * (0.5 + Math.random() / 2);
    this.#restarts += 1;
    this.#retryAtMs = performance.now() + waitMs;
    const restart = this.#wait(waitMs).then(() => this.#load());
    this.#restart = restart;
    restart.then(
      () => {
        if (this.#restart === restart) this.#restart = undefined;
      },
      () => {
        if (this.#restart !== restart) return;
        this.#restart = undefined;
        if (!this.#isClosed && !this.#isInQuarantine()) this.#restartLater();
      },
    );
  }

  #isInQuarantine(): boolean {
    try {
      quarantine.check(this.#identity);
      return false;
    } catch {
      return true;
    }
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#closing;
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, waitMs);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function isReply<T extends Reply['type']>(reply: Reply, type: T): reply is Extract<Reply, { readonly type: T }> {
  return reply.type === type;
}

/** Whether an error tells that the process ended, rather than what it said. */
function isDeath(error: unknown): boolean {
  return toWireError(error).code === 'MODEL_FAILED';
}

/** Waits for a restart until the asker leaves or has no more time. */
async function within<T>(restart: Promise<T>, signal: AbortSignal, timeLeftMs: number, name: string): Promise<T> {
  const over = new AbortController();
  const gone = new Promise<never>((_, reject) => {
    const late = new SkepError('MODEL_UNAVAILABLE', `${name} did not start again in time`, {
      retryAfterMs: timeLeftMs,
    });
    const timer = setTimeout(() => reject(late), Math.min(timeLeftMs, 2 ** 31 - 1));
    const abort = (): void => reject(new SkepError('CALL_CANCELLED', 'the request was cancelled'));
    signal.addEventListener('abort', abort, { once: true, signal: over.signal });
    over.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([restart, gone]);
  } finally {
    over.abort();
  }
}

function freeMemory(): number {
  return process.availableMemory?.() ?? freemem();
}
