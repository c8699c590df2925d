/**
 * A model behind an API that speaks OpenAI's chat completions: OpenAI itself, llama-server, vLLM, Ollama and others. It
 * holds nothing but connections: opening it sends nothing, and a provider that is away is told request by request, by the
 * circuit breaker, not by `onDown`.
 */
import { SkepError } from '#protocols/wire/error';
import { z } from 'zod';
import type { ModelBackend, Work, WorkEvent } from '../backend.js';
import type { OpenAiEntry } from '../entry.js';
import type { AnswerSetting } from './answer.js';
import { AttemptError, garbled, unsendable } from './attempt-error.js';
import type { ProviderApi, ProviderCall } from './call.js';
import { ProviderClient } from './client.js';
import { TokenEstimator, promptWeight } from './estimate.js';
import { OpenAiDialect, chatBody, completionBody, embeddingBody } from './openai-request.js';
import { readCompletion } from './openai-stream.js';
import { type ProviderOptions, providerOptions } from './options.js';

const api: ProviderApi = {
  headers: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  requestIdHeader: 'x-request-id',
};

const embeddings = z.object({
  data: z.array(z.object({ index: z.number().int().min(0).nullish(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.number().int().min(0).nullish() }).nullish(),
});

const tokenized = z.object({ tokens: z.array(z.number().int()) });

/**
 * Makes ready to ask an API; sends nothing yet. `options` shorten times in tests.
 * @throws SkepError BAD_CONFIG when the url is of no use.
 */
export async function openOpenAi(entry: OpenAiEntry, options: Partial<ProviderOptions> = {}): Promise<ModelBackend> {
  return new OpenAiBackend(entry, options);
}

class OpenAiBackend implements ModelBackend {
  readonly info: ModelBackend['info'];
  readonly #entry: OpenAiEntry;
  readonly #client: ProviderClient;
  readonly #clock: ProviderOptions['clock'];
  readonly #dialect: OpenAiDialect;
  readonly #prompts = new TokenEstimator();
  readonly #answers = new TokenEstimator();

  constructor(entry: OpenAiEntry, options: Partial<ProviderOptions>) {
    this.#entry = entry;
    this.#client = new ProviderClient(entry, api, options);
    this.#clock = options.clock ?? providerOptions.clock;
    this.#dialect = new OpenAiDialect(new URL(entry.url).host);
    const { name, contextTokens, connections: slots, role } = entry;
    const chats = role === 'chat';
    this.info = { name, backend: 'openai', contextTokens, slots, embeds: !chats, tools: chats, memoryBytes: 0 };
  }

  generate(work: Work, signal: AbortSignal): AsyncIterable<WorkEvent> {
    return this.#client.run(this.#completion(work), work.timeLeftMs, signal);
  }

  async embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }> {
    const body = (): unknown => embeddingBody(this.#entry, texts);
    const value = await this.#client.one({ path: '/embeddings', body, read: readEmbeddings(texts.length) }, signal);
    return { vectors: value.vectors, tokens: value.tokens ?? this.#prompts.tokens(weightOf(texts)) };
  }

  /**
   * By the endpoint of llama-server, which vLLM has too.
   * @throws SkepError PROVIDER_REFUSED where the server has none: tokens cannot be guessed, only counted about
   * ({@link countPrompt}).
   */
  async tokenize(text: string): Promise<readonly number[]> {
    // llama-server reads `content`, vLLM `prompt`; each passes over the other.
    const body = (): unknown => ({ model: this.#entry.model, content: text, prompt: text, add_special_tokens: false });
    const call = { path: '/tokenize', fromRoot: true, body, read: readTokens };
    try {
      // Nobody can cancel it but `close`.
      return await this.#client.one(call, new AbortController().signal);
    } catch (thrown) {
      if (!(thrown instanceof SkepError) || thrown.facts['status'] !== 404) throw thrown;
      const message = `model ${this.#entry.name}: its server has no /tokenize; only counts of tokens can be had, as estimates`;
      throw new SkepError('PROVIDER_REFUSED', message, thrown.facts, thrown);
    }
  }

  async countPrompt(request: Parameters<ModelBackend['countPrompt']>[0]): Promise<number> {
    return this.#prompts.tokens(promptWeight(request));
  }

  /** Never calls: an API has no process that is lost. */
  onDown(_listener: (reason: Error) => void): void {}

  async close(): Promise<void> {
    this.#client.close();
  }

  #completion(work: Work): ProviderCall<WorkEvent> {
    const setting: AnswerSetting = {
      clock: this.#clock,
      startedMs: this.#clock.now(),
      promptWeight: promptWeight(work),
      prompts: this.#prompts,
      answers: this.#answers,
    };
    const chats = work.prompt === undefined;
    const build = chats ? chatBody : completionBody;
    return {
      path: chats ? '/chat/completions' : '/completions',
      body: () => {
        if (!chats && work.tools !== undefined && work.tools.length > 0) {
          throw unsendable('BAD_MESSAGE', 'tools: expected messages with them, got a prompt');
        }
        return build(this.#entry, work, this.#dialect);
      },
      read: (answer) => readCompletion(answer, setting, work.schema !== undefined),
      isLast: (event) => event.type === 'end',
      learn: (said) => this.#dialect.learn(said, work),
    };
  }
}

function weightOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + promptWeight({ prompt: text }), 0);
}

/** Vectors in the order of their texts, which the API tells by `index`. */
function readEmbeddings(expected: number): ProviderCall<{ vectors: number[][]; tokens: number | undefined }>['read'] {
  return async function* read(answer) {
    const value = await answer.json();
    const parsed = embeddings.safeParse(value);
    if (!parsed.success) throw garbled('expected a list of embeddings', JSON.stringify(value).slice(0, 10_000));
    const vectors: number[][] = [];
    for (const [at, { index, embedding }] of parsed.data.data.entries()) vectors[index ?? at] = embedding;
    const got = Object.keys(vectors).length;
    if (got !== expected || vectors.length !== expected) {
      throw new AttemptError('garbled', 'BAD_ANSWER', `expected ${expected} embeddings, got ${got}`);
    }
    yield { vectors, tokens: parsed.data.usage?.prompt_tokens ?? undefined };
  };
}

async function* readTokens(answer: Parameters<ProviderCall<unknown>['read']>[0]): AsyncGenerator<readonly number[]> {
  const value = await answer.json();
  const parsed = tokenized.safeParse(value);
  if (!parsed.success) throw garbled('expected a list of tokens', JSON.stringify(value).slice(0, 10_000));
  yield parsed.data.tokens;
}
