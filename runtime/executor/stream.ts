/**
 * The caller's end of a stream: items wait here until they are read, and each item read gives its sender credit for one
 * more, in batches, so that a slow reader holds at most one window of items.
 */
import type { SkepError } from '#protocols/wire/error';
import { Queue } from '../mailbox/queue.js';
import type { CallSink } from './calls.js';

/** Items that a sender may have under way. */
export const STREAM_WINDOW = 64;

type Waiter = { readonly resolve: (result: IteratorResult<unknown>) => void; readonly reject: (error: SkepError) => void };

/** A sink that is read as an async iterator. */
export class StreamReader implements CallSink, AsyncIterator<unknown, undefined> {
  readonly #items = new Queue<{ readonly value: unknown }>();
  readonly #grant: (count: number) => void;
  readonly #cancel: () => void;
  #waiter: Waiter | undefined;
  #ended: { readonly error?: SkepError } | undefined;
  #unreported = 0;

  /** `grant` sends credit to the source; `cancel` tells it that nobody reads any more. */
  constructor(grant: (count: number) => void, cancel: () => void) {
    this.#grant = grant;
    this.#cancel = cancel;
  }

  item(value: unknown): void {
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#items.push({ value });
      return;
    }
    this.#waiter = undefined;
    waiter.resolve({ done: false, value });
    this.#read();
  }

  end(): void {
    this.#ended ??= {};
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  }

  fail(error: SkepError): void {
    this.#ended ??= { error };
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#read();
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.#ended !== undefined) {
      const { error } = this.#ended;
      this.#ended = {};
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Called by `break` in a `for await`: stops the source. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#ended === undefined) this.#cancel();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #read(): void {
    this.#unreported += 1;
    if (this.#unreported < STREAM_WINDOW / 2 || this.#ended !== undefined) return;
    this.#grant(this.#unreported);
    this.#unreported = 0;
  }
}
