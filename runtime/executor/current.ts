/**
 * What an actor is doing right now: whose call it handles, until when, and which calls it has made on the way. Most
 * handlers never look at the signal or the deadline, so both are made on first use.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { Clock, Timer } from '../clock/clock.js';
import type { Span } from '../telemetry/tracer.js';

const nothing = (): void => {};
/** Nobody waits. */
export const NO_CHAIN: readonly ActorAddress[] = [];
const cancelledError = new SkepError('CALL_CANCELLED', 'cancelled by its caller, or given up with its actor');

/** The envelope of the message in hand, as far as it is of interest here. */
interface Origin {
  readonly name: string;
  readonly trace?: Traceparent | undefined;
}

/** What few messages have: a handler that is waited for, a span. Apart, so that the others stay small. */
interface Extra {
  span: Span | undefined;
  readonly trace: Traceparent | undefined;
  waitingSinceMs: number | undefined;
}

/** The message in hand. */
export class Current {
  readonly sender: ActorAddress | undefined;
  readonly chain: readonly ActorAddress[];
  /** On the clock of this executor; Infinity without a deadline. */
  readonly deadlineMs: number;
  /** The key of the call, by which a cancel finds it; empty when it is not a call. */
  readonly key: string;
  readonly #origin: Origin | undefined;
  #extra: Extra | undefined;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #cancels: Set<() => void> | undefined;
  #cancelled = false;
  #finished = false;

  constructor(
    clock: Clock,
    sender?: ActorAddress,
    chain: readonly ActorAddress[] = NO_CHAIN,
    deadlineMs = Number.POSITIVE_INFINITY,
    key = '',
    origin?: Origin,
    span?: Span,
  ) {
    this.#clock = clock;
    this.sender = sender;
    this.chain = chain;
    this.deadlineMs = deadlineMs;
    this.key = key;
    this.#origin = origin;
    if (span !== undefined) this.#extra = { span, trace: span.trace, waitingSinceMs: undefined };
  }

  /** Name of the message; empty for what is none (init, infos, terminate). */
  get name(): string {
    return this.#origin?.name ?? '';
  }

  /** The trace that what is sent now belongs to. */
  get trace(): Traceparent | undefined {
    return this.#extra === undefined ? this.#origin?.trace : this.#extra.trace;
  }

  /** On the clock of this executor: when the handler was first waited for; undefined while it was not. */
  get waitingSinceMs(): number | undefined {
    return this.#extra?.waitingSinceMs;
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
    this.endSpan(cancelledError);
    this.finish();
    this.#controller?.abort();
    for (const cancel of cancels) cancel();
  }

  /** The handler is being waited for: unlike one that returns at once, it can be seen at work. */
  waits(): void {
    const extra = (this.#extra ??= { span: undefined, trace: this.trace, waitingSinceMs: undefined });
    extra.waitingSinceMs ??= this.#clock.now();
  }

  /** Ends the span of the message, with the error where there is one; the first end counts. */
  endSpan(error?: unknown): void {
    if (this.#extra?.span === undefined) return;
    this.#extra.span.end(error);
    this.#extra.span = undefined;
  }

  /** The handler is done: its deadline means nothing any more. */
  finish(): void {
    this.#finished = true;
    this.endSpan();
    this.#timer?.cancel();
    this.#cancels = undefined;
  }
}
