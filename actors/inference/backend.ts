/**
 * The port behind which a model answers: llama.cpp in a child process, an API over HTTP, or a scripted twin in tests.
 * What every asker is promised (a bounded queue, fairness, deadlines, numbered parts, budgets) is made once in front of
 * this port; a backend only computes what it is given, as soon as it is given it.
 *
 *     asker -> model actor -> queue, admission, budget -> ModelBackend -> llama | OpenAI | Anthropic | scripted
 */
import type { AskRequest, FinishReason, TokenUsage, ToolCall } from '#protocols/wire/inference';

/** What a loaded model can do. */
export interface ModelInfo {
  /** Its name in the registry. */
  readonly name: string;
  readonly backend: 'llama' | 'openai' | 'anthropic' | 'scripted';
  /** Tokens that prompt and answer may have together. */
  readonly contextTokens: number;
  /** Answers that are computed at the same time: sequences of a context, connections of an API. */
  readonly slots: number;
  readonly embeds: boolean;
  readonly tools: boolean;
  /** Bytes that it holds on this machine; 0 for one behind HTTP. */
  readonly memoryBytes: number;
}

/** A request as a backend gets it: admitted, in a slot, with the number of tokens that it may write. */
export interface Work extends Omit<AskRequest, 'priority' | 'agent' | 'deadlineMs' | 'id' | 'maxTokens'> {
  readonly id: string;
  readonly maxTokens: number;
  /** Wall-clock milliseconds that are left for it. */
  readonly timeLeftMs: number;
}

/** What a backend tells while it computes; `end` is the last. */
export type WorkEvent =
  | { readonly type: 'text'; readonly text: string; readonly tokens: number }
  | { readonly type: 'toolCall'; readonly call: ToolCall }
  | {
      readonly type: 'end';
      readonly finish: FinishReason;
      readonly usage: TokenUsage;
      /** Milliseconds until the first token, and from there to the last. */
      readonly prefillMs: number;
      readonly decodeMs: number;
    };

/** A model that is loaded, or an API that is reached. */
export interface ModelBackend {
  readonly info: ModelInfo;
  /**
   * Computes one answer. Its consumer paces it: what is not read is not computed much ahead. Ends within 100 ms of an
   * abort of `signal`, whatever it does at the time.
   * @throws SkepError CALL_CANCELLED when aborted, MODEL_FAILED when its process ended, PROVIDER_* of an API.
   */
  generate(work: Work, signal: AbortSignal): AsyncIterable<WorkEvent>;
  /** Vectors for texts, in their order, and the tokens they had. @throws SkepError as `generate`. */
  embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }>;
  /** Tokens of a text. @throws SkepError MODEL_FAILED. */
  tokenize(text: string): Promise<readonly number[]>;
  /** Tokens that the prompt of a request has with the template and the tools; an estimate for an API. */
  countPrompt(request: Pick<AskRequest, 'messages' | 'prompt' | 'tools' | 'schema'>): Promise<number>;
  /** Called when the backend can no longer answer until it was started again; at most once for each loss. */
  onDown(listener: (reason: Error) => void): void;
  /** Ends what runs and gives back what it holds. */
  close(): Promise<void>;
}
