/**
 * Vectors of texts, from a context of their own beside that of the answers. It is made at the first request. The library
 * computes one text at a time; requests that come together take turns text by text, so that a long list does not keep a
 * short one waiting.
 */
import { SkepError } from '#protocols/wire/error';
import type { LlamaEmbeddingContext, LlamaModel } from '../llama.js';
import type { Pulse } from './pulse.js';

/** Embeds texts with one model. */
export class Embedder {
  readonly #model: LlamaModel;
  readonly #options: { readonly contextTokens: number; readonly threads: number };
  readonly #pulse: Pulse;
  #context: Promise<LlamaEmbeddingContext> | undefined;

  constructor(model: LlamaModel, options: { readonly contextTokens: number; readonly threads: number }, pulse: Pulse) {
    this.#model = model;
    this.#options = options;
    this.#pulse = pulse;
  }

  /** @throws SkepError CONTEXT_OVERFLOW for a text that is too long; the reason of the signal. */
  async embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }> {
    const { contextTokens, threads } = this.#options;
    const inputs = texts.map((text) => this.#model.tokenize(text));
    const tooLong = inputs.findIndex((tokens) => tokens.length > contextTokens - 2);
    if (tooLong !== -1) {
      const found = inputs[tooLong]?.length ?? 0;
      throw new SkepError('CONTEXT_OVERFLOW', `text ${tooLong} has ${found} tokens; at most ${contextTokens - 2} fit`, {
        text: tooLong,
        tokens: found,
        contextTokens,
      });
    }
    this.#context ??= this.#model.createEmbeddingContext({
      contextSize: contextTokens,
      batchSize: contextTokens,
      threads,
      ignoreMemorySafetyChecks: true,
    });
    const context = await this.#context;
    const vectors: (readonly number[])[] = [];
    for (const tokens of inputs) {
      signal.throwIfAborted();
      vectors.push((await this.#pulse.beat(() => context.getEmbeddingFor(tokens))).vector);
    }
    return { vectors, tokens: inputs.reduce((sum, tokens) => sum + tokens.length, 0) };
  }

  async dispose(): Promise<void> {
    await (await this.#context)?.dispose();
  }
}
