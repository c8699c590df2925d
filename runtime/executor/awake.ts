/**
 * Which actors of an executor have what their turns need: a mailbox, a hand, a context. Most of a million actors do
 * nothing at any one time, so an actor gets these with its first message and is put to rest when it has handled nothing
 * for a while. "A while" is counted in actors that woke: whenever there are twice as many as at the last look, those that
 * did nothing since that look go to rest. That costs a wake-up a constant, needs no timer, and leaves those alone that
 * are at work.
 */

/** An actor as far as it can be put to rest. */
export interface Sleeper {
  /** Gives up what turns need if it did nothing since it was asked last; false when it goes on. */
  rest(): boolean;
}

/** Actors that may be awake and idle without anybody looking. */
const LEAST = 1_024;

export class Awake {
  #actors: Sleeper[] = [];
  #limit = LEAST;
  /** Those among them that ended since the last look. */
  #ended = 0;

  /** An actor woke. */
  add(actor: Sleeper): void {
    if (this.#actors.length >= this.#limit) this.#look();
    this.#actors.push(actor);
  }

  /** One of them ended. */
  ended(): void {
    this.#ended += 1;
    if (this.#ended > LEAST && 2 * this.#ended > this.#actors.length) this.#look();
  }

  #look(): void {
    this.#actors = this.#actors.filter((each) => !each.rest());
    this.#limit = Math.max(LEAST, 2 * this.#actors.length);
    this.#ended = 0;
  }
}
