/**
 * The clock of one executor in a test system: the time is the one that all share, but a timer that is due is a step of
 * its executor like any other, and a timer of a thread that died never fires.
 */
import type { Clock, Timer } from '../clock/clock.js';
import type { Agenda, StepHost } from './agenda.js';
import { Lane } from './lane.js';
import type { VirtualClock } from './virtual-clock.js';

/** A {@link Clock} whose timers fire as steps. */
export class ExecutorClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #due: Lane;
  readonly #host: StepHost;

  constructor(clock: VirtualClock, agenda: Agenda, host: StepHost) {
    this.#clock = clock;
    this.#host = host;
    this.#due = new Lane(agenda, 'timer', host);
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  after(delayMs: number, callback: () => void): Timer {
    let wanted = true;
    const timer = this.#clock.after(delayMs, () => {
      if (!this.#host.alive) return;
      this.#due.push(() => {
        if (wanted) callback();
      });
    });
    return {
      cancel: () => {
        wanted = false;
        timer.cancel();
      },
    };
  }
}
