/**
 * A model in its child process: one context whose sequences answer at the same time in shared batches, and what the
 * requests of all of them share. Requests come and go by number; what they say goes to an outbox.
 */
import { SkepError, toWireError } from '#protocols/wire/error';
import { checkFits, type Shared, answer } from './answer.js';
import { Credit } from './credit.js';
import { Embedder } from './embedder.js';
import { formOf } from './form.js';
import { Grammars } from './compiled.js';
import { decodeFirst, PrefillGate } from './prefill.js';
import { PromptMaker } from './prompt.js';
import { Pulse } from './pulse.js';
import { Sequences } from './sequences.js';
import { Standstill } from './standstill.js';
import { StateFiles } from './states.js';
import { guardSampling, isOutOfMemory, type LlamaContext, type LlamaModel, type Native } from '../llama.js';
import type { AskWork, Counters, Loaded, LoadSpec, Reply, ToChild } from '../protocol.js';
import type { Outbox } from './outbox.js';

/** Tokens that one step computes at most. */
const batchTokens = 512;

type Request = Extract<ToChild, { readonly type: 'embed' | 'tokenize' | 'count' | 'counters' }>;

interface Running {
  readonly cancel: AbortController;
  readonly credit?: Credit;
}

/** A loaded model. */
export class Engine {
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #outbox: Outbox;
  readonly #prompts: PromptMaker;
  readonly #grammars: Grammars;
  readonly #embedder: Embedder;
  readonly #shared: Shared;
  readonly #pulse = new Pulse();
  readonly #running = new Map<number, Running>();
  readonly #spec: LoadSpec;
  readonly loaded: Loaded;
  #cachedTokens = 0;
  #outputTokens = 0;

  private constructor(
    native: Native,
    model: LlamaModel,
    context: LlamaContext,
    spec: LoadSpec,
    { outbox, folder }: { readonly outbox: Outbox; readonly folder: string },
  ) {
    this.#model = model;
    this.#context = context;
    this.#outbox = outbox;
    this.#spec = spec;
    this.#prompts = new PromptMaker(model, native.chatWrapper(model), spec.contextTokens);
    this.#grammars = new Grammars(native, model);
    this.#embedder = new Embedder(model, spec, this.#pulse);
    const sequences = Array.from({ length: spec.sequences }, () => context.getSequence());
    const { prefixCacheBytes: mostBytes, bytesPerToken } = spec;
    const keeping = { files: new StateFiles(folder), mostBytes, bytesPerToken };
    const steps = { pulse: this.#pulse, standstill: new Standstill() };
    this.#shared = {
      model,
      sequences: new Sequences(sequences, keeping, steps),
      gate: new PrefillGate(spec.prefillChunk),
      ...steps,
      prefillChunk: spec.prefillChunk,
    };
    this.loaded = { contextTokens: spec.contextTokens, memoryBytes: model.size + context.stateSize };
  }

  /**
   * Loads a model; what llama.cpp did not expect aborts the process.
   * @throws SkepError OUT_OF_MEMORY, MODEL_FILE_BAD.
   */
  static async load(
    native: Native,
    spec: LoadSpec,
    surroundings: { readonly outbox: Outbox; readonly folder: string },
  ): Promise<Engine> {
    native.limitThreads(spec.threads);
    const model = await native.load(spec.path, spec.gpuLayers).catch((error: unknown) => refuse(spec, error));
    const options = {
      contextSize: spec.contextTokens,
      sequences: spec.sequences,
      batchSize: Math.max(batchTokens, spec.sequences + spec.prefillChunk),
      threads: { ideal: spec.threads, min: 1 },
      batching: { itemPrioritizationStrategy: decodeFirst },
      failedCreationRemedy: false,
      ignoreMemorySafetyChecks: native.gpu === false,
    } as const;
    const context = await model.createContext(options).catch((error: unknown) => refuse(spec, error));
    guardSampling(context);
    return new Engine(native, model, context, spec, surroundings);
  }

  /** See `Pulse`. */
  get stalledMs(): number {
    return this.#pulse.stalledMs;
  }

  /** Begins an answer. */
  ask(id: number, work: AskWork, creditTokens: number): void {
    const credit = new Credit(creditTokens);
    this.#track(id, { cancel: new AbortController(), credit }, (signal) => this.#answer(id, work, credit, signal));
  }

  /** Begins anything else. */
  request(request: Request): void {
    this.#track(request.id, { cancel: new AbortController() }, async (signal) => {
      const reply = await this.#reply(request, signal);
      this.#outbox.now({ type: 'reply', id: request.id, reply });
    });
  }

  credit(id: number, tokens: number): void {
    this.#running.get(id)?.credit?.give(tokens);
  }

  cancel(id: number): void {
    const running = this.#running.get(id);
    running?.cancel.abort(new SkepError('CALL_CANCELLED', 'the request was cancelled'));
    running?.credit?.release();
  }

  /** Cancels what runs, waits for the steps under way, and gives the memory back. */
  async close(): Promise<void> {
    for (const id of this.#running.keys()) this.cancel(id);
    while (this.#running.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await this.#embedder.dispose();
    await this.#context.dispose();
    await this.#model.dispose();
  }

  /** Runs a request to its end and tells of its failure. */
  #track(id: number, running: Running, work: (signal: AbortSignal) => Promise<void>): void {
    this.#running.set(id, running);
    void work(running.cancel.signal)
      .catch((error: unknown) => this.#outbox.now({ type: 'failed', id, error: toWireError(error, 'MODEL_FAILED') }))
      .finally(() => this.#running.delete(id));
  }

  async #answer(id: number, work: AskWork, credit: Credit, signal: AbortSignal): Promise<void> {
    const form = formOf(work);
    const tools = work.toolChoice === 'none' ? [] : (work.tools ?? []);
    const prompt = this.#prompts.make({ ...work, tools: [...tools] });
    checkFits(prompt.tokens.length, work.maxTokens, this.#spec.contextTokens);
    const answered = await answer(this.#shared, {
      work,
      prompt,
      form,
      grammar: form === undefined ? undefined : await this.#grammars.begin(form),
      credit,
      signal,
      onText: (text, tokens) => this.#outbox.text(id, text, tokens),
      onCall: (call) => this.#outbox.now({ type: 'toolCall', id, call }),
    });
    const { cached, output } = answered.usage;
    this.#cachedTokens += cached;
    this.#outputTokens += output;
    this.#outbox.now({ type: 'end', id, ...answered });
  }

  async #reply(request: Request, signal: AbortSignal): Promise<Reply> {
    switch (request.type) {
      case 'embed':
        return { type: 'embedded', ...(await this.#embedder.embed(request.texts, signal)) };
      case 'tokenize':
        return { type: 'tokenized', tokens: this.#model.tokenize(request.text) };
      case 'count':
        return { type: 'counted', tokens: this.#prompts.make(request.prompt).tokens.length };
      case 'counters':
        return { type: 'counters', counters: this.#counters() };
    }
  }

  #counters(): Counters {
    return {
      computedTokens: this.#shared.sequences.computedTokens,
      cachedTokens: this.#cachedTokens,
      outputTokens: this.#outputTokens,
      running: this.#shared.sequences.running,
      waiting: this.#shared.sequences.waiting,
      storedBytes: this.#shared.sequences.storedBytes,
    };
  }
}

function refuse({ path, sequences, contextTokens }: LoadSpec, error: unknown): never {
  const problem = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) {
    const wanted = `${sequences} sequences of ${contextTokens} tokens`;
    throw new SkepError('OUT_OF_MEMORY', `${path} with ${wanted} does not fit: ${problem}`, { path }, error);
  }
  throw new SkepError('MODEL_FILE_BAD', `llama.cpp does not load ${path}: ${problem}`, { path }, error);
}
