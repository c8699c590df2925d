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

/** Somebody who waits. */
interface Wait {
  readonly condition: () => boolean;
  readonly endMs: number;
  /** The moment at which the condition was last looked at. */
  lookedAt: number;
}

const never = (): boolean => false;

/** The driver of one test system. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  /** Those who wait now: each takes steps, and none lets time pass before all have looked. */
  readonly #waits = new Set<Wait>();
  /** Grows with each step and each move of time. */
  #moment = 0;

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

  /** Takes steps until none is left but timers of the future. */
  async settle(): Promise<void> {
    await this.until(never, this.#parts.clock.now());
  }

  /** Lets time pass, and everything happen that is due meanwhile. */
  async advance(deltaMs: number): Promise<void> {
    await this.until(never, this.#parts.clock.now() + deltaMs);
  }

  /**
   * Takes steps, and lets time pass where there are none, until the condition holds; false when it does not by `endMs`
   * of the virtual clock and nothing is left to do then, or when nothing is left that could bring it about.
   */
  async until(condition: () => boolean, endMs: number): Promise<boolean> {
    const wait: Wait = { condition, endMs, lookedAt: -1 };
    this.#waits.add(wait);
    try {
      return await this.#drive(wait);
    } finally {
      this.#waits.delete(wait);
    }
  }

  async #drive(wait: Wait): Promise<boolean> {
    const { clock, maxSteps, trace } = this.#parts;
    let atMs = clock.now();
    let limit = trace.count + maxSteps;
    for (;;) {
      await drained();
      if (wait.condition()) return true;
      wait.lookedAt = this.#moment;
      // A wait with an end is sure to come to it as long as time passes.
      if (Number.isFinite(wait.endMs) && clock.now() > atMs) limit = trace.count + maxSteps;
      atMs = clock.now();
      if (trace.count >= limit) throw this.stuck(`it has not come, or come to rest, within ${maxSteps} steps`);
      if (this.#slice()) continue;
      if ([...this.#waits].some(({ lookedAt }) => lookedAt !== this.#moment)) continue;
      const nextMs = clock.nextDueMs ?? Number.POSITIVE_INFINITY;
      if (nextMs > atMs && (wait.endMs <= atMs || !this.#canPass(nextMs))) return false;
      this.#pass(atMs, nextMs);
    }
  }

  /** Whether time has anywhere to go: to the next timer, or to the end of somebody's wait. */
  #canPass(nextMs: number): boolean {
    return Number.isFinite(nextMs) || [...this.#waits].some(({ endMs }) => Number.isFinite(endMs));
  }

  /** Time passes to the next timer, but not beyond the end of anybody's wait: that one is to see the world at its end. */
  #pass(nowMs: number, nextMs: number): void {
    const earliestEndMs = Math.min(...[...this.#waits].map(({ endMs }) => endMs));
    // Somebody's wait is over now, and what follows from that is to come first.
    if (nextMs > nowMs && earliestEndMs <= nowMs) return;
    this.#moment += 1;
    this.#parts.clock.advanceTo(Math.max(nowMs, Math.min(nextMs, earliestEndMs)));
  }

  /** Takes one step, and where it is a turn perhaps more turns after it; false when there is no step now. */
  #slice(): boolean {
    const { agenda, beforeStep, clock, random, slices, trace } = this.#parts;
    for (let taken = 0; ; taken += 1) {
      beforeStep?.();
      const source = agenda.take();
      if (source === undefined) return taken > 0;
      if (taken > 0 && source.kind !== 'turn') {
        agenda.add(source);
        return true;
      }
      this.#moment += 1;
      const { subject } = source;
      const detail = source.step();
      trace.add(source.kind, clock.now(), subject, detail);
      if (!slices || source.kind !== 'turn' || random.chance(0.5)) return true;
    }
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

/** Resolves after a turn of the event loop: it comes after all microtasks, and after those that they begin. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
