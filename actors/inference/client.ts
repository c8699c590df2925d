/**
 * Asking a model by way of a registry: the registry says which actor answers once it is ready, and the answer streams from
 * there. Between the two the model may have been swapped out for another; then the registry is asked again, as long as
 * nothing of the answer was read.
 */
import { type ActorRef, type CallOptions, SkepError } from '#runtime';
import type { AnswerPart, AskRequest } from '#protocols/wire/inference';
import type { UseModel } from '#protocols/wire/models';
import type { modelActor } from './model.js';

/** Gives the actor of a model once it is ready. */
export type FindModel = (want: UseModel, options: CallOptions) => Promise<ActorRef<typeof modelActor>>;

/** How to ask. */
export interface AskOptions {
  /** Milliseconds for the whole answer, loading included. Default 600,000. */
  readonly timeoutMs?: number;
  /** Ends the request at the model. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 600_000;
/** Times that a model may be away between being found and being asked. */
const TRIES = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Asks, and gives the parts as they come. Leaving the iteration ends the request at the model.
 * @throws SkepError of the registry (UNKNOWN_MODEL, OUT_OF_MEMORY, MODEL_FILE_BAD) and of the model.
 */
export async function* askModel(
  find: FindModel,
  want: UseModel,
  request: AskRequest,
  { timeoutMs = TIMEOUT_MS, signal }: AskOptions = {},
): AsyncGenerator<AnswerPart, void, void> {
  const endMs = performance.now() + timeoutMs;
  for (let tries = 1; ; tries += 1) {
    // What cannot be had is final; what was there and is not any more is looked for again.
    const ref = await find(want, callOptions(endMs, signal));
    let read = false;
    try {
      for await (const part of ref.call('ask', request, callOptions(endMs, signal))) {
        read = true;
        yield part;
      }
      return;
    } catch (error) {
      if (read || tries >= TRIES || !isAway(error)) throw error;
      await pause(error, signal);
    }
  }
}

/** What is left of the time. @throws SkepError CALL_TIMEOUT when nothing is. */
function callOptions(endMs: number, signal: AbortSignal | undefined): CallOptions {
  const leftMs = Math.floor(endMs - performance.now());
  if (leftMs < 1) throw new SkepError('CALL_TIMEOUT', 'the deadline passed before the model was ready');
  return { timeoutMs: leftMs, ...(signal === undefined ? {} : { signal }) };
}

/** Whether the model is on its way out or in, rather than wrong. */
function isAway(error: unknown): error is SkepError {
  return error instanceof SkepError && ['MODEL_UNAVAILABLE', 'NO_SUCH_ACTOR', 'ACTOR_STOPPED'].includes(error.code);
}

function pause({ facts }: SkepError, signal: AbortSignal | undefined): Promise<void> {
  const wanted = facts['retryAfterMs'];
  const delayMs = Math.min(LONGEST_PAUSE_MS, typeof wanted === 'number' ? wanted : 50);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener('abort', done, { once: true });
  });
}
