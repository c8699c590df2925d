/**
 * A bounded mailbox. It never grows past its capacity: its policy says which message gives way, and whichever does is
 * handed back to the caller, who makes it a dead letter, so that nothing vanishes silently.
 */
import { Queue } from './queue.js';

/** What happens to a message that finds the mailbox full. */
export type OverflowPolicy = 'reject' | 'drop-newest' | 'drop-oldest';

/** Bounds of a mailbox; `defineActor` refuses what is not a whole number in range. */
export interface MailboxOptions {
  /** Messages it holds at most, 1 or more. Default 10,000. */
  readonly capacity?: number;
  /**
   * `reject` (default): a call fails with MAILBOX_FULL and a cast becomes a dead letter. `drop-newest`: the same, but a
   * call is left to its deadline. `drop-oldest`: the oldest waiting message gives way.
   */
  readonly policy?: OverflowPolicy;
  /** `cast` returns false above this many waiting messages, 0 or more. Default: half the capacity. */
  readonly highWater?: number;
}

/** The default capacity of a mailbox, in messages. */
export const DEFAULT_CAPACITY = 10_000;

/** What became of a pushed message; `displaced` is the one that gave way. */
export type PushOutcome<T> =
  | { readonly accepted: true; readonly displaced?: T }
  | { readonly accepted: false; readonly notify: boolean };

/** FIFO with a bound. */
export class Mailbox<T> {
  readonly #queue = new Queue<T>();
  readonly #capacity: number;
  readonly #policy: OverflowPolicy;
  readonly #highWater: number;

  constructor(options: MailboxOptions = {}) {
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.#policy = options.policy ?? 'reject';
    this.#highWater = options.highWater ?? Math.ceil(this.#capacity / 2);
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Whether senders should wait for `drained()`. */
  get overHighWater(): boolean {
    return this.#queue.size > this.#highWater;
  }

  push(item: T): PushOutcome<T> {
    if (this.#queue.size < this.#capacity) {
      this.#queue.push(item);
      return accepted;
    }
    switch (this.#policy) {
      case 'reject':
        return { accepted: false, notify: true };
      case 'drop-newest':
        return { accepted: false, notify: false };
      case 'drop-oldest': {
        const displaced = this.#queue.shift();
        this.#queue.push(item);
        return displaced === undefined ? accepted : { accepted: true, displaced };
      }
    }
  }

  shift(): T | undefined {
    return this.#queue.shift();
  }

  /** What waits, oldest first. */
  [Symbol.iterator](): Iterator<T> {
    return this.#queue[Symbol.iterator]();
  }

  drain(): T[] {
    return this.#queue.drain();
  }
}

const accepted = { accepted: true } as const;
