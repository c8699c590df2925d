/**
 * A model behind Anthropic's Messages API. As with any API, opening it sends nothing, and `onDown` never calls. The API
 * has no plain completions, no embeddings, and no tokenizer that could be asked for free: prompts are estimated.
 */
import { SkepError } from '#protocols/wire/error';
import type { ModelBackend, Work, WorkEvent } from '../backend.js';
import type { AnthropicEntry } from '../entry.js';
import type { AnswerSetting } from './answer.js';
import { AnthropicDialect, messagesBody } from './anthropic-request.js';
import { readMessage } from './anthropic-stream.js';
import type { ProviderApi, ProviderCall } from './call.js';
import { ProviderClient } from './client.js';
import { TokenEstimator, promptWeight } from './estimate.js';
import { type ProviderOptions, providerOptions } from './options.js';
import { type AnswerTool, answerTool } from './structured.js';

const api: ProviderApi = {
  headers: (key) => ({ 'anthropic-version': '2023-06-01', ...(key === undefined ? {} : { 'x-api-key': key }) }),
  requestIdHeader: 'request-id',
};

/**
 * Makes ready to ask the API; sends nothing yet. `options` shorten times in tests.
 * @throws SkepError BAD_CONFIG when the url is of no use.
 */
export async function openAnthropic(
  entry: AnthropicEntry,
  options: Partial<ProviderOptions> = {},
): Promise<ModelBackend> {
  return new AnthropicBackend(entry, options);
}

class AnthropicBackend implements ModelBackend {
  readonly info: ModelBackend['info'];
  readonly #entry: AnthropicEntry;
  readonly #client: ProviderClient;
  readonly #clock: ProviderOptions['clock'];
  readonly #dialect = new AnthropicDialect();
  readonly #prompts = new TokenEstimator();
  readonly #answers = new TokenEstimator();

  constructor(entry: AnthropicEntry, options: Partial<ProviderOptions>) {
    this.#entry = entry;
    this.#client = new ProviderClient(entry, api, options);
    this.#clock = options.clock ?? providerOptions.clock;
    const { name, contextTokens, connections: slots } = entry;
    this.info = { name, backend: 'anthropic', contextTokens, slots, embeds: false, tools: true, memoryBytes: 0 };
  }

  generate(work: Work, signal: AbortSignal): AsyncIterable<WorkEvent> {
    return this.#client.run(this.#message(work), work.timeLeftMs, signal);
  }

  /** @throws SkepError PROVIDER_REFUSED always: the API has none. */
  async embed(): Promise<never> {
    throw this.#missing('Anthropic has no API for embeddings; configure another model with the role embedding');
  }

  /** @throws SkepError PROVIDER_REFUSED always: only counts can be had, as estimates. */
  async tokenize(): Promise<never> {
    throw this.#missing('Anthropic shows no tokens; only counts of them can be had, as estimates');
  }

  async countPrompt(request: Parameters<ModelBackend['countPrompt']>[0]): Promise<number> {
    return this.#prompts.tokens(promptWeight(request));
  }

  /** Never calls: an API has no process that is lost. */
  onDown(_listener: (reason: Error) => void): void {}

  async close(): Promise<void> {
    this.#client.close();
  }

  #message(work: Work): ProviderCall<WorkEvent> {
    const setting: AnswerSetting = {
      clock: this.#clock,
      startedMs: this.#clock.now(),
      promptWeight: promptWeight(work),
      prompts: this.#prompts,
      answers: this.#answers,
    };
    const structured = (): AnswerTool | undefined =>
      work.schema === undefined ? undefined : answerTool(work.schema, work.tools ?? []);
    return {
      path: '/v1/messages',
      body: () => messagesBody(this.#entry, work, this.#dialect, structured()),
      read: (answer) => readMessage(answer, setting, structured()),
      isLast: (event) => event.type === 'end',
      learn: (said) => this.#dialect.learn(said, work),
    };
  }

  #missing(problem: string): SkepError {
    return new SkepError('PROVIDER_REFUSED', `model ${this.#entry.name}: ${problem}`, { model: this.#entry.name });
  }
}
