/**
 * An executor's way to the store service. What actors ask in one turn leaves as one message; so much at most is under
 * way, so that the service's queue for this executor keeps its bound, and what goes beyond waits here, within bounds of
 * its own. Every request has an end: its answer, its time limit, or the end of the service.
 */
import type { MessagePort } from 'node:worker_threads';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { Clock, Timer } from '../clock/clock.js';
import { Queue } from '../mailbox/queue.js';
import { bytesOf, type StoreAnswer, type StoreQuestion, type StoreRequest, type StoreValue } from './messages.js';
import type { Durability, EventPage, Head, Loaded, StoreWrite } from './store.js';

/** How an executor uses the store; plain data. */
export interface StoreSettings {
  /** What definitions get that ask for no durability themselves. */
  readonly sync: Durability;
  /** Milliseconds until an unanswered request fails with STORE_TIMEOUT. */
  readonly timeoutMs: number;
}

/** Requests and bytes under way to the service at most; below what the service lets wait for one executor. */
const WINDOW_REQUESTS = 4_096;
const WINDOW_BYTES = 8 << 20;
/** Requests and bytes that wait here at most; one more is refused with STORE_BUSY. */
const WAITING_REQUESTS = 262_144;
const WAITING_BYTES = 64 << 20;

interface Pending {
  readonly sinceMs: number;
  readonly resolve: (value: StoreValue) => void;
  readonly reject: (error: SkepError) => void;
}

export class StoreClient {
  readonly sync: Durability;
  readonly #port: MessagePort;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** By id, oldest first. */
  readonly #pending = new Map<number, Pending>();
  readonly #waiting = new Queue<StoreRequest>();
  #waitingBytes = 0;
  /** Bytes of each request that the service has, and their sum. */
  readonly #sent = new Map<number, number>();
  #sentBytes = 0;
  #nextId = 1;
  #flushing = false;
  #timer: Timer | undefined;
  #ended: SkepError | undefined;

  constructor(port: MessagePort, clock: Clock, { sync, timeoutMs }: StoreSettings) {
    this.#port = port;
    this.#clock = clock;
    this.sync = sync;
    this.#timeoutMs = timeoutMs;
    port.on('message', (answers: readonly StoreAnswer[]) => this.#answered(answers));
    port.on('close', () => this.#end('the store service of the node has ended'));
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** @throws SkepError STORE_BUSY, STORE_FAILED at once; rejects with these and STORE_FENCED, STORE_TIMEOUT, BAD_CONFIG. */
  write(write: StoreWrite, durability: Durability): Promise<Head> {
    return this.#ask({ op: 'write', durability, write }) as Promise<Head>;
  }

  load(key: string, durability: Durability): Promise<Loaded | undefined> {
    return this.#ask({ op: 'load', durability, key }) as Promise<Loaded | undefined>;
  }

  events(key: string, from: number, durability: Durability): Promise<EventPage> {
    return this.#ask({ op: 'events', durability, key, from }) as Promise<EventPage>;
  }

  close(): void {
    this.#end('the executor has ended');
    this.#port.close();
  }

  /** Throws at once what it refuses: nothing was asked then, and nothing asked later may overtake the refusal. */
  #ask(question: StoreQuestion): Promise<StoreValue> {
    if (this.#ended !== undefined) throw this.#ended;
    const bytes = bytesOf(question);
    if (
      this.#waiting.size >= WAITING_REQUESTS ||
      (this.#waitingBytes > 0 && this.#waitingBytes + bytes > WAITING_BYTES)
    ) {
      const text = `${this.#waiting.size} requests with ${this.#waitingBytes} bytes wait for the store already`;
      throw new SkepError('STORE_BUSY', text);
    }
    const id = this.#nextId++;
    this.#waiting.push({ id, ...question });
    this.#waitingBytes += bytes;
    this.#flushSoon();
    this.#timer ??= this.#clock.after(this.#timeoutMs, () => this.#expire());
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { sinceMs: this.#clock.now(), resolve, reject });
    });
  }

  /** At the end of the turn in which the first was asked. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Sends what the window lets go. */
  #flush(): void {
    const message: StoreRequest[] = [];
    while (this.#sent.size < WINDOW_REQUESTS && this.#sentBytes < WINDOW_BYTES) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      const bytes = bytesOf(request);
      this.#waitingBytes -= bytes;
      // One that expired while it waited here was never made.
      if (!this.#pending.has(request.id)) continue;
      this.#sent.set(request.id, bytes);
      this.#sentBytes += bytes;
      message.push(request);
    }
    if (message.length > 0) this.#port.postMessage(message);
  }

  #answered(answers: readonly StoreAnswer[]): void {
    for (const answer of answers) {
      this.#sentBytes -= this.#sent.get(answer.id) ?? 0;
      this.#sent.delete(answer.id);
      const pending = this.#pending.get(answer.id);
      if (pending === undefined) continue;
      this.#pending.delete(answer.id);
      if ('error' in answer) pending.reject(fromWireError(answer.error));
      else pending.resolve(answer.value);
    }
    if (this.#pending.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    this.#flush();
  }

  /** Fails what is over its time; the oldest is first. */
  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [id, { sinceMs, reject }] of this.#pending) {
      const leftMs = sinceMs + this.#timeoutMs - now;
      if (leftMs > 0) {
        this.#timer = this.#clock.after(leftMs, () => this.#expire());
        return;
      }
      this.#pending.delete(id);
      reject(new SkepError('STORE_TIMEOUT', `the store has not answered within ${this.#timeoutMs} ms`));
    }
  }

  #end(why: string): void {
    this.#ended ??= new SkepError('STORE_FAILED', `the store cannot be reached: ${why}`);
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
