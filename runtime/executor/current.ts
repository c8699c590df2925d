/**
 * What an actor is doing right now: whose call it handles, until when, and which calls it has made on the way. Most
 * handlers never look at the signal or the deadline, so both are made on first use.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Clock, Timer } from '../clock/clock.js';
import type { After, Occasion } from './cell-after.js';

const nothing = (): void => {};

/** The message in hand. */
export class Current {
  readonly sender: ActorAddress | undefined;
  readonly chain: readonly ActorAddress[];
  /** On the clock of this executor; Infinity without a deadline. */
  readonly deadlineMs: number;
  /** The key of the call, by which a cancel finds it; empty when it is not a call. */
  readonly key: string;
  /** What is in hand; absent for the steps of a stream, init and terminate. */
  about: Occasion | undefined;
  /** What the handler asked for that happens once it is done. */
  after: After | undefined;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #cancels: Set<() => void> | undefined;
  #cancelled = false;
  #finished = false;

  constructor(
    clock: Clock,
    sender?: ActorAddress,
    chain: readonly ActorAddress[] = [],
    deadlineMs = Number.POSITIVE_INFINITY,
    key = '',
  ) {
    this.#clock = clock;
    this.sender = sender;
    this.chain = chain;
    this.deadlineMs = deadlineMs;
    this.key = key;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Whether somebody has the signal. */
  get observed(): boolean {
    return this.#controller !== undefined;
  }

  remainingMs(): number {
    return this.deadlineMs - this.#clock.now();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort();
      else if (Number.isFinite(this.deadlineMs) && !this.#finished) {
        this.#timer = this.#clock.after(Math.max(0, this.remainingMs()), () => this.cancel());
      }
    }
    return this.#controller.signal;
  }

  /** Runs `cancel` when this message is cancelled, at once if it is already. The result takes it back. */
  onCancel(cancel: () => void): () => void {
    if (this.#cancelled) cancel();
    if (this.#cancelled || this.#finished) return nothing;
    const cancels = (this.#cancels ??= new Set());
    cancels.add(cancel);
    return () => void cancels.delete(cancel);
  }

  /** Aborts the handler's signal and every call it waits for. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const cancels = this.#cancels ?? [];
    this.finish();
    this.#controller?.abort();
    for (const cancel of cancels) cancel();
  }

  /** The handler is done: its deadline means nothing any more. */
  finish(): void {
    this.#finished = true;
    this.#timer?.cancel();
    this.#cancels = undefined;
  }
}
