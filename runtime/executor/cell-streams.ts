/**
 * Streams that an actor is producing. A stream has credit; while it has some, each step of its generator is one turn of
 * the actor, so other messages run between two items and a slow reader stops the generator, not the actor. A step that
 * waits holds the actor like any handler that waits, unless its stream is interleaved.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type SkepError, toWireError } from '#protocols/wire/error';
import { Queue } from '../mailbox/queue.js';
import type { Work } from './cell-hand.js';
import type { CellHost } from './cell-host.js';
import type { Current } from './current.js';

/** One stream in production. */
export interface Producer {
  readonly key: string;
  readonly from: ActorAddress;
  readonly id: number;
  readonly iterator: AsyncGenerator<unknown, unknown, unknown>;
  readonly current: Current;
  credit: number;
  /** Its steps do not hold the actor while they wait. */
  readonly interleaved: boolean;
  /** Whether a step waits for its turn; a producer is in the ready queue at most once. */
  queued: boolean;
  /** Whether a step is under way; there is one at a time. */
  stepping: boolean;
}

/** The producers of one actor. */
export class Producers {
  readonly #all = new Map<string, Producer>();
  readonly #ready = new Queue<Producer>();

  has(key: string): boolean {
    return this.#all.has(key);
  }

  get size(): number {
    return this.#all.size;
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  add(begun: Omit<Producer, 'queued' | 'stepping'>): void {
    const producer: Producer = { ...begun, queued: false, stepping: false };
    this.#all.set(producer.key, producer);
    this.enqueue(producer);
  }

  /** Puts a producer in line for a step if it may take one. */
  enqueue(producer: Producer): void {
    if (producer.queued || producer.stepping || producer.credit <= 0 || !this.#all.has(producer.key)) return;
    producer.queued = true;
    this.#ready.push(producer);
  }

  /** The next producer to take a step. */
  take(): Producer | undefined {
    for (let producer = this.#ready.shift(); producer !== undefined; producer = this.#ready.shift()) {
      producer.queued = false;
      if (this.#all.has(producer.key)) return producer;
    }
    return undefined;
  }

  grant(key: string, count: number): void {
    const producer = this.#all.get(key);
    if (producer === undefined) return;
    producer.credit += count;
    this.enqueue(producer);
  }

  /** Takes a producer out; its generator is told to finish. */
  drop(key: string): Producer | undefined {
    const producer = this.#all.get(key);
    if (producer === undefined) return undefined;
    this.#all.delete(key);
    producer.current.cancel();
    // `finally` blocks of the generator run; what they throw has nobody left to tell.
    void producer.iterator.return(undefined).catch(() => {});
    return producer;
  }

  /** Takes out all, or those that `which` accepts. */
  dropAll(which: (producer: Producer) => boolean = () => true): readonly Producer[] {
    return [...this.#all.values()].filter(which).flatMap(({ key }) => this.drop(key) ?? []);
  }
}

/** The work of one step: an item, or the end, goes to the reader. */
export function stepOf(producer: Producer, producers: Producers, host: CellHost): Work {
  const { from, id, key } = producer;
  producer.credit -= 1;
  producer.stepping = true;
  return {
    current: producer.current,
    body: () => producer.iterator.next(),
    onValue: (result: unknown): void => {
      producer.stepping = false;
      // A reader that left while the step ran has been told nothing, and wants nothing.
      if (!producers.has(key)) return;
      const { done, value } = result as IteratorResult<unknown, unknown>;
      if (done === true) {
        producer.current.endSpan();
        producers.drop(key);
        host.deliver({ kind: 'end', to: from, id });
      } else {
        host.deliver({ kind: 'item', to: from, id, value });
        producers.enqueue(producer);
      }
    },
    onError: (error: SkepError): void => {
      if (producers.drop(key) === undefined) return;
      host.deliver({ kind: 'fail', to: from, id, error: toWireError(error) });
    },
    keep: true,
  };
}
