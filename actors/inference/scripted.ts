/**
 * The in-memory twin of a backend, for tests of whoever asks a model: no process, no network, no weights, and time by the
 * clock that it is given. What it answers is a function of the request. It keeps the contract of a backend to the letter
 * and refuses to be used beyond it: one answer more than it has slots is an error, so that a test sees it.
 *
 *     const clock = new VirtualClock();
 *     const backend = new ScriptedBackend({ clock, answer: ({ prompt }) => `You said ${prompt}.`, stepMs: 20 });
 *     const system = await TestSystem.create({ clock, definitions: [defineModel(async () => backend)] });
 *     const model = await system.spawn(defineModel(...), { entry: scriptedEntry() });
 *     for await (const part of model.call('ask', { prompt: 'hello' })) ...
 *     backend.goDown(); backend.comeUp();            faults, whenever the test wants them
 */
import { type ErrorCode, SkepError } from '#protocols/wire/error';
import { hashText } from '#protocols/hash';
import type { FinishReason, ToolCall } from '#protocols/wire/inference';
import type { Clock } from '#runtime/clock/clock';
import type { ModelBackend, ModelInfo, Work, WorkEvent } from './backend.js';
import { type ModelEntry, modelEntry } from './entry.js';
import { SlotTable } from './slots/slot-table.js';

/** What it answers. A text alone is an answer that stops by itself. */
export type ScriptedAnswer =
  | string
  | {
      readonly text?: string;
      readonly toolCalls?: readonly ToolCall[];
      /** Default: `length` when the text is cut at `maxTokens`, `tool-calls` where there are some, else `stop`. */
      readonly finish?: FinishReason;
      /** Fails with this behind the text, in place of the end. */
      readonly fails?: ErrorCode;
      /** Waits behind the text until it is aborted. */
      readonly hangs?: boolean;
    };

/** How it behaves. */
export interface ScriptedOptions {
  readonly clock: Clock;
  /** Default: the last message, or the prompt, again. */
  readonly answer?: (work: Work) => ScriptedAnswer;
  readonly name?: string;
  /** Default 4. */
  readonly slots?: number;
  /** Default 4,096. */
  readonly contextTokens?: number;
  /** Numbers of a vector; 0 makes none. Default 8. */
  readonly dimensions?: number;
  /** Milliseconds for each token of a prompt that is not in a slot. Default 0. */
  readonly prefillMs?: number;
  /** Milliseconds of a step. Default 0. */
  readonly stepMs?: number;
  /** Tokens of a step. Default 1. */
  readonly stepTokens?: number;
  /** Milliseconds of a call for vectors. Default 0. */
  readonly embedMs?: number;
  /** Fails a call for vectors that has this text in it. Default: none. */
  readonly embedFails?: (text: string) => ErrorCode | undefined;
  /** Milliseconds until it lets go of what was aborted. Default 0. */
  readonly abortMs?: number;
  /** Milliseconds after which it comes up by itself when it went down. Default: not by itself. */
  readonly restartMs?: number;
}

type Settled = Required<Omit<ScriptedOptions, 'restartMs' | 'clock'>> & Pick<ScriptedOptions, 'restartMs' | 'clock'>;

/** Pieces of text that count as tokens: a word with the space before it, cut into pieces of eight characters. */
const PIECES = /\s*\S{1,8}|\s+/g;

/** The tokens of a text as it counts them. */
export function scriptedTokens(text: string): readonly number[] {
  return piecesOf(text).map((piece) => hashText(piece) % 65_536);
}

/** An entry that passes for one of configuration; which backend answers is up to whoever opens it. */
export function scriptedEntry(changes: Partial<ModelEntry> = {}): ModelEntry {
  return modelEntry.parse({ name: 'scripted', backend: 'openai', model: 'scripted', ...changes });
}

/** A backend that does as it is told. */
export class ScriptedBackend implements ModelBackend {
  readonly info: ModelInfo;
  /** What it was given, in order. */
  readonly works: Work[] = [];
  /** The texts of each call for vectors. */
  readonly batches: (readonly string[])[] = [];
  readonly #options: Settled;
  readonly #slots: SlotTable;
  readonly #listeners: ((reason: Error) => void)[] = [];
  /** Ends what is under way when it goes down. */
  #life = new AbortController();
  #state: 'up' | 'down' | 'closed' = 'up';
  #active = 0;
  #mostActive = 0;
  #written = 0;

  constructor(options: ScriptedOptions) {
    this.#options = {
      answer: ({ prompt, messages }) => prompt ?? messages?.at(-1)?.content ?? '',
      name: 'scripted',
      slots: 4,
      contextTokens: 4_096,
      dimensions: 8,
      prefillMs: 0,
      stepMs: 0,
      stepTokens: 1,
      embedMs: 0,
      embedFails: () => undefined,
      abortMs: 0,
      ...options,
    };
    const { name, slots, contextTokens, dimensions } = this.#options;
    this.info = {
      name,
      backend: 'scripted',
      contextTokens,
      slots,
      embeds: dimensions > 0,
      tools: true,
      memoryBytes: 0,
    };
    this.#slots = new SlotTable({ slots, leastTokens: 1, similarity: 0 });
  }

  /** Answers under way: sequences that are taken. */
  get active(): number {
    return this.#active;
  }
  /** The most that were under way at one time. */
  get mostActive(): number {
    return this.#mostActive;
  }
  /** Tokens that it has written in all. */
  get written(): number {
    return this.#written;
  }
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Ends as a process that is killed does: what it computes fails, and it answers nothing until it comes up. */
  goDown(reason = 'killed by its script'): void {
    if (this.#state !== 'up') return;
    this.#state = 'down';
    this.#life.abort();
    for (const listener of this.#listeners) listener(new Error(reason));
    const { restartMs, clock } = this.#options;
    if (restartMs !== undefined) clock.after(restartMs, () => this.comeUp());
  }

  comeUp(): void {
    if (this.#state !== 'down') return;
    this.#life = new AbortController();
    this.#state = 'up';
  }

  async *generate(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent, void, undefined> {
    this.works.push(work);
    this.#check();
    const tokens = promptTokens(work);
    const place = this.#slots.place(tokens);
    if (place === undefined)
      throw new SkepError('INTERNAL', `an answer more than the ${this.info.slots} slots of ${this.info.name}`);
    this.#active += 1;
    this.#mostActive = Math.max(this.#mostActive, this.#active);
    let written: readonly string[] = [];
    try {
      const script = this.#options.answer(work);
      written = yield* this.#write(work, script, { input: tokens.length, cached: place.reuse }, signal);
    } finally {
      this.#active -= 1;
      this.#slots.release(place.slot, [...tokens, ...scriptedTokens(written.join(''))]);
    }
  }

  async embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }> {
    this.batches.push([...texts]);
    this.#check();
    await this.#pass(this.#options.embedMs, signal);
    const { dimensions, embedFails } = this.#options;
    for (const text of texts) {
      const code = embedFails(text);
      if (code !== undefined) throw new SkepError(code, `${code}, as its script says`);
    }
    const tokens = texts.reduce((sum, text) => sum + scriptedTokens(text).length, 0);
    return { vectors: texts.map((text) => vectorOf(text, dimensions)), tokens };
  }

  async tokenize(text: string): Promise<readonly number[]> {
    this.#check();
    return scriptedTokens(text);
  }

  async countPrompt(request: Parameters<ModelBackend['countPrompt']>[0]): Promise<number> {
    this.#check();
    return promptTokens(request).length;
  }

  onDown(listener: (reason: Error) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#life.abort();
  }

  async *#write(
    { maxTokens, stop = [] }: Work,
    script: ScriptedAnswer,
    { input, cached }: { readonly input: number; readonly cached: number },
    signal: AbortSignal,
  ): AsyncGenerator<WorkEvent, readonly string[], undefined> {
    const { clock, prefillMs, stepMs, stepTokens } = this.#options;
    const {
      text = '',
      toolCalls = [],
      finish,
      fails,
      hangs = false,
    } = typeof script === 'string' ? { text: script } : script;
    const beganMs = clock.now();
    await this.#pass(prefillMs * (input - cached), signal);
    const firstMs = clock.now();
    const whole = piecesOf(untilStop(text, stop));
    const pieces = whole.slice(0, maxTokens);
    for (let at = 0; at < pieces.length; at += stepTokens) {
      await this.#pass(stepMs, signal);
      const step = pieces.slice(at, at + stepTokens);
      this.#written += step.length;
      yield { type: 'text', text: step.join(''), tokens: step.length };
    }
    if (hangs) await this.#hang(signal);
    if (fails !== undefined) throw new SkepError(fails, `${fails}, as its script says`);
    for (const call of toolCalls) yield { type: 'toolCall', call };
    yield {
      type: 'end',
      finish: finish ?? (pieces.length < whole.length ? 'length' : toolCalls.length > 0 ? 'tool-calls' : 'stop'),
      usage: { input, cached, output: pieces.length },
      prefillMs: firstMs - beganMs,
      decodeMs: clock.now() - firstMs,
    };
    return pieces;
  }

  #check(): void {
    if (this.#state === 'up') return;
    throw new SkepError('MODEL_FAILED', `${this.info.name} is ${this.#state}, as its script says`);
  }

  /** Lets time pass, unless it is aborted or goes down. */
  #pass(delayMs: number, signal: AbortSignal): Promise<void> {
    return this.#wait((done) => {
      if (delayMs <= 0) {
        done();
        return undefined;
      }
      return this.#options.clock.after(delayMs, done);
    }, signal);
  }

  #hang(signal: AbortSignal): Promise<void> {
    return this.#wait(() => undefined, signal);
  }

  #wait(begin: (done: () => void) => { cancel(): void } | undefined, signal: AbortSignal): Promise<void> {
    const { clock, abortMs } = this.#options;
    const { signal: life } = this.#life;
    return new Promise((resolve, reject) => {
      const cancelled = (): void => {
        end();
        const error = new SkepError('CALL_CANCELLED', 'aborted');
        if (abortMs > 0) clock.after(abortMs, () => reject(error));
        else reject(error);
      };
      const died = (): void => {
        end();
        reject(new SkepError('MODEL_FAILED', `${this.info.name} went down, as its script says`));
      };
      const end = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', cancelled);
        life.removeEventListener('abort', died);
      };
      let timer: { cancel(): void } | undefined;
      signal.addEventListener('abort', cancelled);
      life.addEventListener('abort', died);
      if (life.aborted) died();
      else if (signal.aborted) cancelled();
      else {
        timer = begin(() => {
          end();
          resolve();
        });
      }
    });
  }
}

function piecesOf(text: string): readonly string[] {
  return text.match(PIECES) ?? [];
}

function promptTokens({
  prompt,
  messages = [],
  tools,
  schema,
}: Parameters<ModelBackend['countPrompt']>[0]): readonly number[] {
  const told = [tools, schema].flatMap((each) => (each === undefined ? [] : [JSON.stringify(each)]));
  const said = messages.map(({ role, content }) => `${role} ${content}\n`);
  return scriptedTokens([...told, ...said, prompt ?? ''].join(''));
}

function untilStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((each) => text.indexOf(each)).filter((at) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

/** A vector of length 1 that is the same for the same text. */
function vectorOf(text: string, dimensions: number): readonly number[] {
  const raw = Array.from({ length: dimensions }, (_, at) => hashText(text, at + 1) / 2 ** 31 - 1);
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => value / length);
}
