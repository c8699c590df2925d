/** The circuit breaker of one provider, with its clock: the state that the pure machine in breaker.ts goes through. */
import type { Clock } from '#runtime/clock/clock';
import { AttemptError } from './attempt-error.js';
import {
  type BreakerOptions,
  type BreakerOutcome,
  type BreakerState,
  admit,
  closedBreaker,
  settle,
} from './breaker.js';

export class Circuit {
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  #state: BreakerState = closedBreaker;

  constructor(options: BreakerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Lets a request out; the function that is returned tells how it went, the first time it is called. @throws AttemptError CIRCUIT_OPEN. */
  enter(): (outcome: BreakerOutcome) => void {
    const admission = admit(this.#state, this.#options, this.#clock.now());
    this.#state = admission.state;
    if (admission.type === 'rejected') {
      const { retryAfterMs } = admission;
      const message = `the provider failed several times in a row and is left alone; ask again in ${retryAfterMs} ms`;
      throw new AttemptError('circuit', 'CIRCUIT_OPEN', message, { retryAfterMs });
    }
    const { ticket } = admission;
    let isOut = true;
    return (outcome) => {
      if (!isOut) return;
      isOut = false;
      this.#state = settle(this.#state, this.#options, ticket, outcome, this.#clock.now());
    };
  }
}
