/**
 * Takes the steps of a test system one at a time. Between two steps everything that handlers and promises have begun
 * runs to where it waits, so that nothing depends on how the event loop of the machine happens to interleave:
 *
 *     choose a source -> its step -> drain microtasks -> choose ...          time moves only when no step is left
 *
 * In production the turns of a slice follow each other without a pause for microtasks, and an async handler goes on
 * after the slice; so after a turn chance decides whether the next may be taken before the drain. Nothing but another
 * turn may: frames, timers and orders are events of their own in the event loop.
 */
import { SkepError } from '#protocols/wire/error';
import type { Agenda } from './agenda.js';
import type { Random } from './random.js';
import { textOf, type Trace } from './trace.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a scheduler works on. */
export interface SchedulerParts {
  readonly agenda: Agenda;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  readonly random: Random;
  /** Turns may follow each other without a drain. */
  readonly slices: boolean;
  /** Steps of one wait, or at one instant of it, after which the wait is given up. */
  readonly maxSteps: number;
  /** Runs before each step. */
  readonly beforeStep: (() => void) | undefined;
}

/** Lines of the trace in an error. */
const TAIL = 20;

/** The driver of one test system. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  /** A turn was taken whose microtasks have not run. */
  #undrained = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  /** Takes steps, and lets time pass where there are none, until the promise settles. */
  async run<T>(work: PromiseLike<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    if (!(await this.until(() => settled, Number.POSITIVE_INFINITY)))
      throw this.stuck('nothing is left to do and no timer is set, and what is waited for has not come');
    return work;
  }

  /**
   * Takes steps, and lets time pass where there are none, until the condition holds; false when it does not by `endMs`
   * of the virtual clock, or when nothing is left that could bring it about.
   */
  async until(condition: () => boolean, endMs: number): Promise<boolean> {
    const { clock, maxSteps } = this.#parts;
    const limit = this.#parts.trace.count + maxSteps;
    await this.#drain();
    for (;;) {
      if (condition()) return true;
      if (this.#parts.trace.count >= limit) throw this.stuck(`it has not come within ${maxSteps} steps`);
      if (await this.#step()) continue;
      const due = clock.nextDueMs;
      if (due === undefined || due > endMs) {
        if (Number.isFinite(endMs)) clock.advanceTo(endMs);
        return false;
      }
      clock.advanceTo(due);
      await this.#drain();
    }
  }

  /** Takes steps until none is left but timers of the future. */
  async settle(): Promise<void> {
    const { maxSteps, trace } = this.#parts;
    const limit = trace.count + maxSteps;
    await this.#drain();
    while (await this.#step())
      if (trace.count >= limit) throw this.stuck(`it does not come to rest within ${maxSteps} steps`);
  }

  /** Lets time pass, and everything happen that is due meanwhile. */
  async advance(deltaMs: number): Promise<void> {
    const { clock } = this.#parts;
    const endMs = clock.now() + deltaMs;
    await this.settle();
    for (let due = clock.nextDueMs; due !== undefined && due <= endMs; due = clock.nextDueMs) {
      clock.advanceTo(due);
      await this.settle();
    }
    clock.advanceTo(endMs);
  }

  /** Takes one step; false when there is none now. */
  async #step(): Promise<boolean> {
    const { agenda, beforeStep, clock, random, slices, trace } = this.#parts;
    beforeStep?.();
    const source = agenda.take();
    if (this.#undrained && source?.kind !== 'turn') {
      if (source !== undefined) agenda.add(source);
      await this.#drain();
      return true;
    }
    if (source === undefined) return false;
    const { subject } = source;
    const detail = source.step();
    trace.add(source.kind, clock.now(), subject, detail);
    if (slices && source.kind === 'turn' && random.chance(0.5)) this.#undrained = true;
    else await this.#drain();
    return true;
  }

  /** A turn of the event loop: it comes after all microtasks, and those that they begin. */
  async #drain(): Promise<void> {
    this.#undrained = false;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** The error of a wait that is given up, with the last steps. */
  stuck(what: string): SkepError {
    const { clock, trace } = this.#parts;
    const tail = trace.lines(TAIL).join('\n');
    return new SkepError(
      'TEST_STUCK',
      `${what} (at ${textOf(clock.now())} ms, after ${trace.count} steps). The last steps:\n${tail}`,
      { steps: trace.count, atMs: clock.now() },
    );
  }
}
