/**
 * Who runs next. Cells with work wait in a ring; each gets a bounded number of messages and goes to the back, and after
 * a slice of time the executor returns to the event loop, so that no actor starves another and no flood starves IO.
 */
import type { Clock } from '../clock/clock.js';
import { Queue } from '../mailbox/queue.js';
import type { Dispatcher, Runnable } from './dispatcher.js';

/** Messages of one actor in a row. */
const THROUGHPUT = 64;
/** Milliseconds of turns before the event loop gets its turn. */
const SLICE_MS = 5;
/** Turns before the event loop gets its turn, however short they were: a clock of a test stands still. */
const SLICE_TURNS = 4_096;

/** The run queue of one executor. */
export class RunQueue implements Dispatcher {
  readonly #queue = new Queue<Runnable>();
  readonly #clock: Clock;
  readonly #flush: () => void;
  #waking = false;
  #running = false;
  #flushing = false;
  #turns = 0;

  /** `flush` sends what the turns produced. */
  constructor(clock: Clock, flush: () => void) {
    this.#clock = clock;
    this.#flush = flush;
  }

  get turns(): number {
    return this.#turns;
  }

  add(cell: Runnable): void {
    if (cell.scheduled || !cell.ready) return;
    cell.scheduled = true;
    this.#queue.push(cell);
    this.#wake();
  }

  flushSoon(): void {
    if (this.#running || this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #wake(): void {
    if (this.#waking || this.#running) return;
    this.#waking = true;
    // A microtask would run before pending IO for ever under load; the first wake is soon, the later ones yield.
    queueMicrotask(() => this.#turn());
  }

  #turn(): void {
    this.#waking = false;
    this.#running = true;
    const endMs = this.#clock.now() + SLICE_MS;
    const endTurn = this.#turns + SLICE_TURNS;
    let cell = this.#queue.shift();
    while (cell !== undefined) {
      this.#turns += 1;
      cell.scheduled = false;
      cell.run(THROUGHPUT);
      if (cell.ready && !cell.scheduled) {
        cell.scheduled = true;
        this.#queue.push(cell);
      }
      if (this.#turns >= endTurn || this.#clock.now() >= endMs) break;
      cell = this.#queue.shift();
    }
    this.#running = false;
    this.#flush();
    if (this.#queue.size > 0 && !this.#waking) {
      this.#waking = true;
      setImmediate(() => this.#turn());
    }
  }
}
