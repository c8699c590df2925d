/**
 * Who runs next. Cells with work wait in a ring; each gets a bounded number of messages and goes to the back, and after
 * a slice of time the executor returns to the event loop, so that no actor starves another and no flood starves IO.
 */
import type { Clock } from '../clock/clock.js';
import { Queue } from '../mailbox/queue.js';
import type { TurnMeter } from '../telemetry/turn-meter.js';
import type { Dispatcher, MakeDispatcher, Runnable } from './dispatcher.js';
import { DEFAULT_SCHEDULING } from './scheduling.js';

/** Turns before the event loop gets its turn, however short they were: a clock of a test stands still. */
const SLICE_TURNS = 4_096;

/** What follows it comes as soon as the code that runs now is done, at less cost than through `queueMicrotask`. */
const settled = Promise.resolve();

/** Makes run queues that give the event loop its turn after slices of so many milliseconds. */
export function runQueueOf(sliceMs: number = DEFAULT_SCHEDULING.sliceMs): MakeDispatcher {
  return (clock, meter, flush) => new RunQueue(clock, meter, flush, sliceMs);
}

/** The run queue of one executor. */
class RunQueue implements Dispatcher {
  readonly #queue = new Queue<Runnable>();
  readonly #clock: Clock;
  readonly #meter: TurnMeter;
  readonly #flush: () => void;
  #waking = false;
  #running = false;
  #flushing = false;
  #turns = 0;
  /** Whether an immediate is under way that marks the next pass of the event loop. */
  #marked = false;
  /** Where the slice ends that began with this pass of the event loop. */
  #sliceEndMs = 0;
  #sliceEndTurn = 0;
  #spent = false;
  /** Whether something left in this pass already; what comes after waits for its end. */
  #sent = false;

  readonly #sliceMs: number;
  readonly #takeTurns = (): void => this.#turn();

  /** `flush` sends what the turns produced. */
  constructor(clock: Clock, meter: TurnMeter, flush: () => void, sliceMs: number) {
    this.#sliceMs = sliceMs;
    this.#clock = clock;
    this.#meter = meter;
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
    if (this.#running || this.#flushing || (this.#sent && this.#marked)) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#sent = this.#marked;
      this.#flush();
    });
  }

  #wake(): void {
    if (this.#waking || this.#running) return;
    this.#waking = true;
    // Actors that answer each other wake one another from microtasks, and IO would wait for ever: once the slice of this
    // pass of the event loop is spent, the next turn waits for the next pass.
    if (this.#spent) setImmediate(this.#takeTurns);
    else void settled.then(this.#takeTurns);
  }

  #turn(): void {
    this.#waking = false;
    this.#running = true;
    const meter = this.#meter;
    let startMs = this.#clock.now();
    meter.nowMs = startMs;
    meter.current = true;
    if (!this.#marked) this.#mark(startMs);
    let cell = this.#queue.shift();
    while (cell !== undefined) {
      this.#turns += 1;
      cell.scheduled = false;
      const handled = cell.run(meter.begin(cell));
      if (cell.ready && !cell.scheduled) {
        cell.scheduled = true;
        this.#queue.push(cell);
      }
      const last = this.#queue.size === 0 || this.#turns >= this.#sliceEndTurn;
      if (last || !meter.joins(handled)) {
        const nowMs = this.#clock.now();
        meter.end(handled, nowMs - startMs, nowMs);
        startMs = nowMs;
        meter.nowMs = nowMs;
        meter.current = true;
        if (this.#turns >= this.#sliceEndTurn || nowMs >= this.#sliceEndMs) {
          this.#spent = true;
          break;
        }
      }
      cell = this.#queue.shift();
    }
    meter.rest();
    this.#running = false;
    // What is produced first in a pass of the event loop leaves at once. Later turns of the same pass, such as the steps
    // of a stream, each woken by a promise, leave as one frame when the pass ends.
    if (!this.#sent) {
      this.#sent = true;
      this.#flush();
    }
    if (this.#queue.size > 0) this.#wake();
  }

  /** A slice begins, and with it the watch for the next pass of the event loop. */
  #mark(nowMs: number): void {
    this.#marked = true;
    this.#spent = false;
    this.#sliceEndMs = nowMs + this.#sliceMs;
    this.#sliceEndTurn = this.#turns + SLICE_TURNS;
    setImmediate(() => {
      this.#marked = false;
      this.#spent = false;
      this.#sent = false;
      this.#flush();
      this.#meter.beat();
    });
  }
}
