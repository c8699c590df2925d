/**
 * What waits for a model, in the order in which it will be served. Pure: time comes in as milliseconds.
 *
 *     priority band, aged           0 before 1 before ... 4
 *       agents                      deficit round robin by tokens
 *         requests of an agent      earliest deadline first
 *
 * An agent that has requests in a band and was not served one of them for `ageMs` has the most urgent moved up by a band,
 * and by another for each `ageMs` more (`ageing.ts`), so that higher bands shut nobody out. Within an agent a request
 * without a deadline is ordered as if it had one `patienceMs` after it arrived, so that later requests with deadlines pass
 * it only for so long. `docs/inference/queue.md` derives the bound on waiting from these.
 *
 * A request changes band at most four times, so each costs O(log n) from arrival to end.
 */
import { Ageing, type Entry } from './ageing.js';
import { DeficitRoundRobin } from './deficit-round-robin.js';
import { Heap } from './heap.js';
import { BANDS, type Queued } from './request.js';

/** How a queue orders and bounds what waits. */
export interface QueueOptions {
  /** Requests that may wait. */
  readonly requests: number;
  /** Tokens (prompts and longest answers) that may wait. One request may wait whatever it weighs. */
  readonly tokens: number;
  /** Tokens that each agent gets in a round. Default 1,024. */
  readonly quantum?: number;
  /** Milliseconds without service that move a request of an agent up by a band. Default 5,000. */
  readonly ageMs?: number;
  /** Milliseconds after which a request without a deadline is as urgent as one whose deadline has come. Default 30,000. */
  readonly patienceMs?: number;
}

/** A request that was taken out to be served. */
export interface Taken<T extends Queued> {
  readonly request: T;
  /** The band in which it was served; its agent's share is settled there. */
  readonly band: number;
}

/** Requests that wait, bounded in number and tokens. */
export class RequestQueue<T extends Queued> {
  #options: Required<QueueOptions>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #bands: readonly DeficitRoundRobin[];
  readonly #ageing: Ageing<T>;
  readonly #deadlines = new Heap<Queued>((a, b) => a.deadlineMs < b.deadlineMs);
  #tokens = 0;
  #pushed = 0;

  constructor(options: QueueOptions) {
    this.#options = { quantum: 1_024, ageMs: 5_000, patienceMs: 30_000, ...options };
    const { quantum, ageMs, patienceMs } = this.#options;
    const urgency = ({ arrivedMs, deadlineMs }: Queued): number => Math.min(deadlineMs, arrivedMs + patienceMs);
    const sooner = (a: Queued, b: Queued): boolean => {
      const [one, other] = [urgency(a), urgency(b)];
      return one < other || (one === other && this.#order(a) < this.#order(b));
    };
    this.#bands = Array.from({ length: BANDS }, () => new DeficitRoundRobin(quantum, sooner));
    this.#ageing = new Ageing<T>(
      ageMs,
      (a, b) => sooner(a.request, b.request),
      (entry) => this.#raise(entry),
    );
  }

  /** Requests that wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Tokens that wait, by weight. */
  get tokens(): number {
    return this.#tokens;
  }

  /** When the next deadline passes; Infinity when none will. */
  get nextDeadlineMs(): number {
    return this.#deadlines.first?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Other bounds from now on; what waits is not touched. */
  bound(bounds: Pick<QueueOptions, 'requests' | 'tokens'>): void {
    this.#options = { ...this.#options, ...bounds };
  }

  /**
   * What would have to leave before a request of this weight could wait: nothing, or so many requests or tokens.
   */
  excess(weight: number): { readonly requests: number; readonly tokens: number } {
    const { requests, tokens } = this.#options;
    const tooMany = Math.max(0, this.size + 1 - requests);
    // One that is larger than the bound may wait alone, or it never could.
    const tooLarge = this.size === 0 ? 0 : Math.max(0, Math.min(this.#tokens, this.#tokens + weight - tokens));
    return { requests: tooMany, tokens: tooLarge };
  }

  /** Takes a request in; false when it is over a bound. Its id must not be in the queue. */
  push(request: T, nowMs: number): boolean {
    const { requests, tokens } = this.excess(request.weight);
    if (requests > 0 || tokens > 0) return false;
    const band = Math.min(BANDS - 1, Math.max(0, request.band));
    const entry: Entry<T> = { request, order: (this.#pushed += 1), band };
    this.#entries.set(request.id, entry);
    this.#tokens += request.weight;
    if (request.deadlineMs !== Number.POSITIVE_INFINITY) this.#deadlines.push(request);
    this.#bands[band]?.push(request);
    this.#ageing.add(entry, nowMs);
    return true;
  }

  /** The request to serve now, which leaves. Deadlines are not looked at: call {@link expired} before. */
  take(nowMs: number): Taken<T> | undefined {
    this.#ageing.age(nowMs);
    for (let band = 0; band < BANDS; band += 1) {
      const request = this.#bands[band]?.take();
      const entry = request === undefined ? undefined : this.#forget(request.id, nowMs);
      if (entry !== undefined) return { request: entry.request, band };
    }
    return undefined;
  }

  /** Takes out a request that nobody wants any more. */
  remove(id: string): T | undefined {
    const entry = this.#forget(id);
    if (entry === undefined) return undefined;
    this.#bands[entry.band]?.remove(entry.request);
    return entry.request;
  }

  /** Takes out all whose deadline has passed. */
  expired(nowMs: number): readonly T[] {
    const late: T[] = [];
    while (this.nextDeadlineMs <= nowMs) {
      const { first } = this.#deadlines;
      const request = first === undefined ? undefined : this.remove(first.id);
      if (request === undefined) break;
      late.push(request);
    }
    return late;
  }

  /** Takes out everything. */
  drain(): readonly T[] {
    return [...this.#entries.keys()].flatMap((id) => this.remove(id) ?? []);
  }

  /** What waits, in no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const { request } of this.#entries.values()) yield request;
  }

  /** A request is done that took `tokens` in truth: its agent's share is corrected. */
  settle({ request, band }: Taken<T>, tokens: number): void {
    this.#bands[band]?.settle(request.agent, request.cost - tokens);
  }

  #order({ id }: Queued): number {
    return this.#entries.get(id)?.order ?? 0;
  }

  /** Takes an entry off the books; `servedMs` when it goes to be served. */
  #forget(id: string, servedMs?: number): Entry<T> | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#ageing.left(entry, servedMs);
    this.#entries.delete(id);
    this.#tokens -= entry.request.weight;
    this.#deadlines.remove(entry.request);
    return entry;
  }

  #raise(entry: Entry<T>): void {
    this.#bands[entry.band]?.remove(entry.request);
    entry.band -= 1;
    this.#bands[entry.band]?.push(entry.request);
  }
}
