/**
 * Makes calls at the times of their arrivals, whatever became of those before. A latency runs from the time at which the
 * call was to be made, not from when the generator came to make it, so that a stall counts against every call that it
 * held up and not against one. (G. Tene, "How NOT to measure latency", on coordinated omission.)
 */
import { toWireError } from '#protocols/wire/error';
import type { Clock, Timer } from '#runtime/clock/clock';
import type { Arrivals } from './arrivals.js';
import { Recorder, type Window } from './recorder.js';

/** How to generate. */
export interface GeneratorOptions {
  readonly arrivals: Arrivals;
  readonly clock: Clock;
  /** Makes the call of this number; resolves with its reply. */
  readonly call: (index: number) => Promise<void>;
  /** Calls without a reply above which further ones are not made, and count as failures: the memory of this process. */
  readonly maxOutstanding: number;
  readonly windowMs: number;
  /** Told of each window that ends; true ends the load. */
  readonly onWindow: (window: Window) => boolean;
  /** How long replies are waited for at the end, in milliseconds; less when it is interrupted. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Generated {
  readonly recorder: Recorder;
  /** How long calls were made. */
  readonly activeMs: number;
  /** Arrivals that belonged into that time. */
  readonly wanted: number;
  /** Replies that came before calls ceased to be made. */
  readonly inTime: number;
  /** Calls that had neither reply nor failure when it ended. */
  readonly outstanding: number;
}

/** Name under which calls are counted that were not made, because too many were outstanding. */
export const NOT_MADE = 'not made';
/** What replies get when a person does not want to wait. */
const INTERRUPTED_SETTLE_MS = 1_000;

/** Generates the load; resolves when it is over and replies have come. Never rejects for what a call does. */
export async function generate(options: GeneratorOptions): Promise<Generated> {
  return new Generator(options).done;
}

class Generator {
  readonly done: Promise<Generated>;
  readonly #options: GeneratorOptions;
  readonly #recorder = new Recorder();
  readonly #startMs: number;
  #finish: (generated: Generated) => void = () => {};
  #timer: Timer | undefined;
  #next = 0;
  #outstanding = 0;
  #closedMs = 0;
  /** When calls ceased to be made. */
  #endedMs: number | undefined;
  #inTime = 0;
  #settled = false;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#startMs = options.clock.now();
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (options.signal.aborted) this.#interrupt();
    options.signal.addEventListener('abort', () => this.#interrupt(), { once: true });
    this.#pump();
  }

  /** Makes what is due, and comes back for the next. */
  #pump(): void {
    if (this.#endedMs !== undefined) return;
    const { arrivals, clock, windowMs } = this.#options;
    const nowMs = this.#now();
    for (let dueMs = arrivals.timeOf(this.#next); dueMs <= nowMs; dueMs = arrivals.timeOf(this.#next))
      this.#make(dueMs);
    if (nowMs - this.#closedMs >= windowMs && this.#close(Math.min(nowMs, arrivals.durationMs))) return this.#end();
    if (nowMs >= arrivals.durationMs) return this.#end();
    const wakeMs = Math.min(arrivals.timeOf(this.#next), this.#closedMs + windowMs, arrivals.durationMs);
    this.#timer = clock.after(Math.max(0, wakeMs - nowMs), () => this.#pump());
  }

  #make(dueMs: number): void {
    const index = this.#next;
    this.#next += 1;
    if (this.#outstanding >= this.#options.maxOutstanding) {
      this.#recorder.failed(NOT_MADE);
      return;
    }
    this.#outstanding += 1;
    this.#recorder.called(this.#now() - dueMs);
    this.#options.call(index).then(
      () => this.#ended(() => this.#recorder.replied(this.#now() - dueMs)),
      (error: unknown) => this.#ended(() => this.#recorder.failed(toWireError(error).code)),
    );
  }

  #ended(record: () => void): void {
    if (this.#settled) return;
    record();
    this.#outstanding -= 1;
    if (this.#outstanding === 0 && this.#endedMs !== undefined) this.#settle();
  }

  /** Ends a window; whether the load is to end with it. */
  #close(endMs: number): boolean {
    const { arrivals, onWindow } = this.#options;
    const wanted = arrivals.countBy(endMs) - arrivals.countBy(this.#closedMs);
    this.#closedMs = endMs;
    return onWindow(this.#recorder.close(endMs, wanted));
  }

  /** Makes no further calls, and waits for what is outstanding. */
  #end(): void {
    if (this.#endedMs !== undefined) return;
    const endedMs = Math.min(this.#now(), this.#options.arrivals.durationMs);
    this.#endedMs = endedMs;
    this.#inTime = this.#recorder.totals().acknowledged;
    // What is left of the last window is too short for a rate, when it is less than half of one.
    if (endedMs - this.#closedMs > this.#options.windowMs / 2) this.#close(endedMs);
    this.#settleAfter(this.#options.settleMs);
  }

  #interrupt(): void {
    this.#end();
    if (!this.#settled) this.#settleAfter(Math.min(INTERRUPTED_SETTLE_MS, this.#options.settleMs));
  }

  #settleAfter(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#outstanding === 0) this.#settle();
    else this.#timer = this.#options.clock.after(delayMs, () => this.#settle());
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#timer?.cancel();
    const { arrivals } = this.#options;
    const activeMs = this.#endedMs ?? 0;
    this.#finish({
      recorder: this.#recorder,
      activeMs,
      wanted: Math.min(arrivals.total, Math.ceil(arrivals.countBy(activeMs) - 1e-6)),
      inTime: this.#inTime,
      outstanding: this.#outstanding,
    });
  }

  #now(): number {
    return this.#options.clock.now() - this.#startMs;
  }
}
