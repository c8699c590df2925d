/**
 * A set of handlers that cannot hurt each other: one that throws does not keep the next from being called. The error
 * goes to whoever made the set, because a throw inside a socket's read loop would end the connection silently.
 */
import type { Unsubscribe } from './port.js';

/** Receives errors that have no caller to go to. */
export type OnError = (error: Error) => void;

/** Handlers of one kind of event. */
export class Listeners<T> {
  readonly #handlers = new Set<{ readonly call: (value: T) => void }>();
  readonly #onError: OnError;

  constructor(onError: OnError) {
    this.#onError = onError;
  }

  add(handler: (value: T) => void): Unsubscribe {
    const entry = { call: handler };
    this.#handlers.add(entry);
    return () => void this.#handlers.delete(entry);
  }

  emit(value: T): void {
    for (const entry of [...this.#handlers]) guarded(this.#onError, () => entry.call(value));
  }
}

/** Runs foreign code; what it throws goes to `onError`. */
export function guarded(onError: OnError, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    onError(toError(thrown));
  }
}

/** Any thrown value as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
