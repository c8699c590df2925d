/**
 * What an actor is doing right now: whose call it handles, until when, and which calls it has made on the way. Most
 * handlers never look at the signal or the deadline, so both are made on first use.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Clock, Timer } from '../clock/clock.js';

/** The message in hand. */
export class Current {
  readonly sender: ActorAddress | undefined;
  readonly chain: readonly ActorAddress[];
  /** On the clock of this executor; Infinity without a deadline. */
  readonly deadlineMs: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #cancels: (() => void)[] | undefined;
  #cancelled = false;

  constructor(clock: Clock, sender?: ActorAddress, chain: readonly ActorAddress[] = [], deadlineMs = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.sender = sender;
    this.chain = chain;
    this.deadlineMs = deadlineMs;
  }

  remainingMs(): number {
    return this.deadlineMs - this.#clock.now();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort();
      else if (Number.isFinite(this.deadlineMs)) {
        this.#timer = this.#clock.after(Math.max(0, this.remainingMs()), () => this.cancel());
      }
    }
    return this.#controller.signal;
  }

  /** Runs `cancel` when this message is cancelled; at once if it is already. */
  onCancel(cancel: () => void): void {
    if (this.#cancelled) cancel();
    else (this.#cancels ??= []).push(cancel);
  }

  /** Aborts the handler's signal and every call it waits for. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#controller?.abort();
    for (const cancel of this.#cancels ?? []) cancel();
    this.finish();
  }

  /** The handler is done: nothing is cancelled any more. */
  finish(): void {
    this.#timer?.cancel();
    this.#cancels = undefined;
  }
}
