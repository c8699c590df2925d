/**
 * What a backend throws, with a code. A backend is foreign ground: what it throws without a code must reach the asker as
 * an answer and must not crash the model that stands in front of it.
 */
import { type ErrorCode, SkepError } from '#protocols/wire/error';

/** The error itself if it has a code, and one of `code` with its words otherwise. */
export function coded(thrown: unknown, code: ErrorCode): SkepError {
  if (thrown instanceof SkepError) return thrown;
  return new SkepError(code, thrown instanceof Error ? thrown.message : String(thrown), {}, thrown);
}

/** A promise that fails at once with CALL_CANCELLED when nobody wants it any more. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new SkepError('CALL_CANCELLED', 'nobody waits for it any more'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
