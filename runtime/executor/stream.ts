/**
 * The caller's end of a stream: items wait here until they are read, and each item read gives its sender credit for one
 * more, in batches, so that a slow reader holds at most one window of items.
 */
import { SkepError } from '#protocols/wire/error';
import { Queue } from '../mailbox/queue.js';
import type { CallSink } from './pending-call.js';

/** Items that a sender may have under way. */
export const STREAM_WINDOW = 256;

type Result = IteratorResult<unknown, undefined>;
type Waiter = { readonly resolve: (result: Result) => void; readonly reject: (error: SkepError) => void };

const DONE: Result = { done: true, value: undefined };

/** A sink that is read as an async iterator. */
export class StreamReader implements CallSink, AsyncIterator<unknown, undefined> {
  readonly #items = new Queue<{ readonly value: unknown }>();
  readonly #waiters = new Queue<Waiter>();
  readonly #grant: (count: number) => void;
  readonly #cancel: () => void;
  #ended: { readonly error?: SkepError } | undefined;
  #unreported = 0;

  /** `grant` sends credit to the source; `cancel` tells it that nobody reads any more. */
  constructor(grant: (count: number) => void, cancel: () => void) {
    this.#grant = grant;
    this.#cancel = cancel;
  }

  item(value: unknown): void {
    if (this.#ended !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value });
      this.#read();
    } else if (this.#items.size < STREAM_WINDOW) this.#items.push({ value });
    else {
      // Only a defect or an attack sends more than it was given credit for; it may not fill this memory.
      this.fail(new SkepError('BAD_FRAME', `a stream sent more than its window of ${STREAM_WINDOW} items`));
      this.#cancel();
    }
  }

  end(): void {
    this.#ended ??= {};
    for (const waiter of this.#waiters.drain()) waiter.resolve(DONE);
  }

  fail(error: SkepError): void {
    const [first, ...others] = this.#waiters.drain();
    // Whoever waits first gets the error; without one the next to ask gets it, after the items that came before it.
    this.#ended ??= first === undefined ? { error } : {};
    first?.reject(error);
    for (const waiter of others) waiter.resolve(DONE);
  }

  next(): Promise<Result> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#read();
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.#ended === undefined) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    const { error } = this.#ended;
    this.#ended = {};
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
  }

  /** Called by `break` in a `for await`: stops the source. */
  return(): Promise<Result> {
    const open = this.#ended === undefined;
    this.#ended = {};
    this.#items.drain();
    for (const waiter of this.#waiters.drain()) waiter.resolve(DONE);
    if (open) this.#cancel();
    return Promise.resolve(DONE);
  }

  #read(): void {
    this.#unreported += 1;
    if (this.#unreported < STREAM_WINDOW / 2 || this.#ended !== undefined) return;
    this.#grant(this.#unreported);
    this.#unreported = 0;
  }
}
