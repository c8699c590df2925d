/**
 * What is let into the queue. A request must fit the context with the longest answer that it may get, because a model
 * that runs out of context in the middle shifts it and forgets the beginning without a word; and it must fit the bounds
 * of the queue. Who is refused is told what to do: the numbers of the overflow, or when to come again.
 */
import { SkepError } from '#protocols/wire/error';

/** The queue as far as a refusal looks at it. */
interface Waiting {
  readonly size: number;
  readonly tokens: number;
  excess(weight: number): { readonly requests: number; readonly tokens: number };
}

/** What decides whether a request fits. */
export interface Fit {
  readonly promptTokens: number;
  /** What the request asks for; undefined leaves it to the model. */
  readonly maxTokens: number | undefined;
  /** What the model gives where the request does not say. */
  readonly defaultTokens: number;
  /** Prompt and answer together. */
  readonly contextTokens: number;
}

/**
 * Tokens that the answer may have: what was asked for, or the default as far as it fits.
 * @throws SkepError CONTEXT_OVERFLOW, with the numbers, when prompt and answer do not fit.
 */
export function answerTokens({ promptTokens, maxTokens, defaultTokens, contextTokens }: Fit): number {
  const left = contextTokens - promptTokens;
  const wanted = maxTokens ?? Math.min(defaultTokens, Math.max(1, left));
  if (wanted <= left) return wanted;
  const excess = wanted - left;
  throw new SkepError(
    'CONTEXT_OVERFLOW',
    `the prompt has ${promptTokens} tokens and the answer may have ${wanted}: ${excess} more than the context of ${contextTokens} holds`,
    { promptTokens, maxTokens: wanted, contextTokens, excessTokens: excess },
  );
}

/** Until a rate is measured, and at least and at most: milliseconds after which one who was refused may ask again. */
const UNMEASURED_MS = 1_000;
const SOONEST_MS = 50;
const LATEST_MS = 60_000;

/**
 * Milliseconds after which a request of `weight` will probably find room: the tokens that have to leave before, at the
 * measured rate. Where requests are too many, the first to leave weigh as those that wait do on average.
 *
 *     retryAfterMs = 1000 * max(tokens over the bound, requests over the bound * waiting tokens / waiting requests) / rate
 */
export function retryAfterMs(queue: Waiting, weight: number, tokensPerSecond: number | undefined): number {
  const { requests, tokens } = queue.excess(weight);
  const mean = queue.size === 0 ? 0 : queue.tokens / queue.size;
  const leaving = Math.max(tokens, requests * mean);
  if (tokensPerSecond === undefined || tokensPerSecond <= 0) return UNMEASURED_MS;
  return Math.ceil(Math.min(LATEST_MS, Math.max(SOONEST_MS, (1_000 * leaving) / tokensPerSecond)));
}

/** The refusal of a request for which the queue has no room. */
export function busyError(
  model: string,
  queue: Waiting,
  weight: number,
  tokensPerSecond: number | undefined,
): SkepError {
  const afterMs = retryAfterMs(queue, weight, tokensPerSecond);
  const text = `model ${model} is busy: ${queue.size} requests of ${queue.tokens} tokens wait; ask again in ${afterMs} ms`;
  return new SkepError('MODEL_BUSY', text, {
    model,
    retryAfterMs: afterMs,
    waitingRequests: queue.size,
    waitingTokens: queue.tokens,
  });
}
