/**
 * A bounded mailbox. Its policy says which message gives way at its capacity, and whichever does is handed back to the
 * caller, who makes it a dead letter, so that nothing vanishes silently.
 *
 *     0 ....... low water ....... high water ....... capacity ...... overdraft
 *                  |                  '-> congested: senders wait        '-> mail sent on credit, see `protocols/flow`
 *                  '<- senders go on
 */
import { PriorityQueue } from './priority-queue.js';

/** What happens to a message that finds the mailbox full. */
export type OverflowPolicy = 'reject' | 'drop-newest' | 'drop-oldest';

/** Bounds of a mailbox; `defineActor` refuses what is not a whole number in range. */
export interface MailboxOptions {
  /** Messages it holds at most, 1 or more. Default 10,000. Credit given to other executors may exceed it by a window each. */
  readonly capacity?: number;
  /**
   * `reject` (default): a call fails with MAILBOX_FULL and a cast becomes a dead letter. `drop-newest`: the same, but a
   * call is left to its deadline. `drop-oldest`: the oldest waiting message of the lowest priority gives way. Senders
   * on other executors wait for an actor that rejects, and never for one that drops.
   */
  readonly policy?: OverflowPolicy;
  /** Above this many waiting messages `cast` returns false, 0 or more. Default: half the capacity. */
  readonly highWater?: number;
  /** Senders that were told to wait go on at this many, from 0 to `highWater`. Default: half of `highWater`. */
  readonly lowWater?: number;
}

/** The default capacity of a mailbox, in messages. */
export const DEFAULT_CAPACITY = 10_000;

/**
 * Messages above its capacity that a mailbox takes from senders that have credit: the first windows of 1,024 executors
 * at once. Only peers that do not keep to their credit come near it.
 */
export const MAX_OVERDRAFT = 65_536;

/** What became of a pushed message; `displaced` is the one that gave way. */
export type PushOutcome<T> =
  | { readonly accepted: true; readonly displaced?: T }
  | { readonly accepted: false; readonly notify: boolean };

/** FIFO within a priority, with a bound. */
export class Mailbox<T> {
  readonly #queue = new PriorityQueue<T>();
  readonly #capacity: number;
  readonly #policy: OverflowPolicy;
  readonly #highWater: number;
  readonly #lowWater: number;
  #congested = false;

  constructor(options: MailboxOptions = {}) {
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.#policy = options.policy ?? 'reject';
    this.#highWater = options.highWater ?? Math.ceil(this.#capacity / 2);
    this.#lowWater = Math.min(options.lowWater ?? this.#highWater >> 1, this.#highWater);
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Whether senders should wait for `drained()`: from above the high-water mark down to the low-water mark. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Messages until senders on other executors have to wait; undefined when they have to now. */
  get room(): number | undefined {
    // Mail gives way to mail in a mailbox that drops: whoever made it so wants no sender to wait.
    if (this.#policy !== 'reject') return this.#capacity;
    return this.#congested ? undefined : this.#highWater - this.#queue.size;
  }

  /** Takes a message or says what gives way. `onCredit`: it was sent in a window that this mailbox gave away. */
  push(item: T, priority = 0, onCredit = false): PushOutcome<T> {
    const size = this.#queue.size;
    if (size < this.#capacity || (onCredit && this.#policy === 'reject' && size < this.#capacity + MAX_OVERDRAFT)) {
      this.#queue.push(item, priority);
      if (size >= this.#highWater) this.#congested = true;
      return accepted;
    }
    switch (this.#policy) {
      case 'reject':
        return { accepted: false, notify: true };
      case 'drop-newest':
        return { accepted: false, notify: false };
      case 'drop-oldest': {
        this.#queue.push(item, priority);
        const displaced = this.#queue.shiftLowest();
        return displaced === undefined ? accepted : { accepted: true, displaced };
      }
    }
  }

  shift(): T | undefined {
    const item = this.#queue.shift();
    if (this.#congested && this.#queue.size <= this.#lowWater) this.#congested = false;
    return item;
  }

  /** What waits, in the order in which it will be taken. */
  [Symbol.iterator](): Iterator<T> {
    return this.#queue[Symbol.iterator]();
  }

  drain(): T[] {
    this.#congested = false;
    return this.#queue.drain();
  }
}

const accepted = { accepted: true } as const;
