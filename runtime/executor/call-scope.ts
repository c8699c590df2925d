/**
 * How a call from inside a handler is bound to that handler's own call: it waits in the same chain, it has at most the
 * time that is left there, and it ends when that one is cancelled.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Traceparent } from '#protocols/wire/trace-context';

/** What is given up when the call that it serves is cancelled. */
export interface Dependant {
  cancel(): void;
}

/** The message in hand, as the calls made on the way see it. */
export interface CallScope {
  /** Actors that wait for the outcome. */
  readonly chain: readonly ActorAddress[];
  /** The caller's own deadline on the clock of this executor; Infinity without one. */
  readonly deadlineMs: number;
  /** Milliseconds left of the caller's own deadline. */
  readonly remainingMs: number;
  /** Whether the caller's own call is cancelled. */
  cancelled(): boolean;
  /** Cancels that one with the caller's own call, at once if it is cancelled already, until it is released. */
  hold(dependant: Dependant): void;
  release(dependant: Dependant): void;
  /** The trace of the caller's own message. */
  readonly trace: Traceparent | undefined;
}
