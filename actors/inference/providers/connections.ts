/** How many requests are out at the same time: a semaphore that serves first come, first served. */
import { troubleOf } from './exchange.js';

interface Waiting {
  readonly admit: () => void;
}

export class Connections {
  #free: number;
  readonly #waiting = new Set<Waiting>();

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Waits for a place; the function that is returned gives it back, once. @throws Trouble when `signal` aborts before. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw troubleOf(signal);
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiting);
        reject(troubleOf(signal));
      };
      const waiting = {
        admit: (): void => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Hands the place to who has waited longest. */
  #release(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(first);
    first.admit();
  }
}
