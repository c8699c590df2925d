/**
 * Who runs next. Cells with work wait in a ring; each gets a bounded number of messages and goes to the back, and after
 * a slice of time the executor returns to the event loop, so that no actor starves another and no flood starves IO.
 */
import { SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import { Queue } from '../mailbox/queue.js';

/** How the turns of an executor are shared out. */
export interface Scheduling {
  /** Messages of one actor in a row before the next actor has its turn, 1 to 10,000. Default 64. */
  readonly throughput: number;
  /** Milliseconds of turns before the event loop (timers, frames of others, IO) has its turn, above 0, at most 1,000. Default 5. */
  readonly sliceMs: number;
}

export const DEFAULT_SCHEDULING: Scheduling = { throughput: 64, sliceMs: 5 };

/** Messages after which a turn looks at the clock: a slow actor with much mail gives up its turn when the slice is over. */
const LOOK_EVERY = 16;
/** Turns before the event loop gets its turn, however short they were: a clock of a test stands still. */
const SLICE_TURNS = 4_096;

/** What the queue needs of a cell. */
export interface Runnable {
  scheduled: boolean;
  readonly ready: boolean;
  run(budget: number): void;
}

/** The run queue of one executor. */
export class RunQueue {
  readonly #queue = new Queue<Runnable>();
  readonly #clock: Clock;
  readonly #flush: () => void;
  #waking = false;
  #running = false;
  #flushing = false;
  #turns = 0;

  readonly #scheduling: Scheduling;

  /** `flush` sends what the turns produced. */
  constructor(clock: Clock, flush: () => void, scheduling: Scheduling = DEFAULT_SCHEDULING) {
    this.#scheduling = scheduling;
    this.#clock = clock;
    this.#flush = flush;
  }

  /** Turns given so far. */
  get turns(): number {
    return this.#turns;
  }

  add(cell: Runnable): void {
    if (cell.scheduled || !cell.ready) return;
    cell.scheduled = true;
    this.#queue.push(cell);
    this.#wake();
  }

  /** Sends at the end of the turn, or soon when no turn runs. */
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

  /** One turn: as many messages as an actor may have in a row, fewer when the slice is over before. */
  #run(cell: Runnable, endMs: number): void {
    let left = this.#scheduling.throughput;
    while (left > LOOK_EVERY) {
      cell.run(LOOK_EVERY);
      if (!cell.ready || this.#clock.now() >= endMs) return;
      left -= LOOK_EVERY;
    }
    cell.run(left);
  }

  #turn(): void {
    this.#waking = false;
    this.#running = true;
    const endMs = this.#clock.now() + this.#scheduling.sliceMs;
    const endTurn = this.#turns + SLICE_TURNS;
    let cell = this.#queue.shift();
    while (cell !== undefined) {
      this.#turns += 1;
      cell.scheduled = false;
      this.#run(cell, endMs);
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

/** Options with their defaults. @throws SkepError BAD_CONFIG when one is out of range. */
export function schedulingOf(options: Partial<Scheduling> = {}): Scheduling {
  const { throughput, sliceMs } = { ...DEFAULT_SCHEDULING, ...options };
  if (!Number.isInteger(throughput) || throughput < 1 || throughput > 10_000)
    throw outOfRange('throughput', throughput, 'a whole number from 1 to 10,000');
  if (!(sliceMs > 0 && sliceMs <= 1_000))
    throw outOfRange('sliceMs', sliceMs, 'milliseconds above 0 and at most 1,000');
  return { throughput, sliceMs };
}

function outOfRange(name: keyof Scheduling, value: number, expected: string): SkepError {
  const field = `scheduling.${name}`;
  return new SkepError('BAD_CONFIG', `${field} is ${value}: expected ${expected}`, { field });
}
