/**
 * The sending end of a channel: how many messages it has sent and how many it may send. It asks for more when half of
 * a window is used, so that a receiver that keeps up answers before the sender has to wait.
 */
import { DEMAND_FIRST_AT, INITIAL_WINDOW, MAX_WINDOW } from './window.js';

/** Credit of one channel. */
export class SenderCredit {
  readonly epoch: number;
  #sent: number;
  #limit = INITIAL_WINDOW;
  /** What `sent` was when more was asked for last. */
  #demanded = 0;
  /** More is wanted once this many are sent; infinite while a demand is under way. */
  #demandAt = DEMAND_FIRST_AT;

  /**
   * `epoch` differs from that of every other channel of this executor, so that an answer to a former one is known;
   * `sent` messages of the first window were sent before the channel was made.
   */
  constructor(epoch: number, sent = 0) {
    this.epoch = epoch;
    this.#sent = sent;
  }

  /** Messages sent in this epoch. */
  get sent(): number {
    return this.#sent;
  }

  /** Messages that may be sent now. */
  get left(): number {
    return this.#limit - this.#sent;
  }

  /** Whether it is time to ask for more. */
  get wantsMore(): boolean {
    return this.#sent >= this.#demandAt;
  }

  /** Uses credit for one message; false when there is none. */
  spend(): boolean {
    if (this.#sent >= this.#limit) return false;
    this.#sent += 1;
    return true;
  }

  /** Notes that a demand leaves now, and gives its count. Asking again is harmless: the count is absolute. */
  demand(): number {
    this.#demandAt = Number.POSITIVE_INFINITY;
    this.#demanded = this.#sent;
    return this.#sent;
  }

  /** Takes a grant. False when it is for another epoch; one that is too large is cut to the largest window. */
  grant(epoch: number, limit: number): boolean {
    if (epoch !== this.epoch) return false;
    // Grants arrive in order, but for a forged one: credit that was given is never taken back.
    this.#limit = Math.max(this.#limit, Math.min(limit, this.#sent + MAX_WINDOW));
    this.#demandAt = this.#limit - Math.floor((this.#limit - this.#demanded) / 2);
    return true;
  }
}
