/** One abort for many calls that belong together, which the caller's own signal sets off too. */
import { setMaxListeners } from 'node:events';

/** The common abort. */
export interface LinkedAbort {
  /** For each of the calls. */
  readonly signal: AbortSignal;
  /** Cancels those that are still open. */
  abort(): void;
  /** Takes the link to the caller's signal back. */
  release(): void;
}

/** An abort that follows `outer`. */
export function linkedAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  // As many listeners as calls are what it is for; Node would take more than ten for a leak.
  setMaxListeners(0, controller.signal);
  const abort = (): void => controller.abort();
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted === true) abort();
  return { signal: controller.signal, abort, release: () => outer?.removeEventListener('abort', abort) };
}
