/**
 * What an actor is doing right now: whose call it handles, until when, and which calls it has made on the way. Most
 * handlers never look at the signal or the deadline, so both are made on first use.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { Clock, Timer } from '../clock/clock.js';
import type { CallScope, Dependant } from './call-scope.js';
import type { After, Occasion } from './cell-after.js';
import { callKey } from './call-key.js';
import type { Letter } from './letter.js';
import type { Span } from '../telemetry/tracer.js';

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
  /** What is in hand; absent for the steps of a stream, init and terminate. */
  about: Occasion | undefined;
  /** What the handler asked for that happens once it is done. */
  after: After | undefined;
  readonly #origin: Origin | undefined;
  #extra: Extra | undefined;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  /** What goes with it when it is cancelled: seldom more than one. */
  #dependants: Dependant | Set<Dependant> | undefined;
  #scope: Scope | undefined;
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

  /** What a letter makes of its actor; most handlers are done before anybody asks for it. */
  static of(letter: Letter, clock: Clock, span?: Span): Current {
    let current: Current;
    if ('deadlineMs' in letter) {
      const { envelope, deadlineMs } = letter;
      const { from, id, chain } = envelope;
      current = new Current(clock, chain.at(-1) ?? from, chain, deadlineMs, callKey(from, id), envelope, span);
    } else current = new Current(clock, letter.from, NO_CHAIN, Number.POSITIVE_INFINITY, '', letter, span);
    current.about = letter;
    return current;
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
    return Number.isFinite(this.deadlineMs) ? Math.max(0, this.deadlineMs - this.#clock.now()) : this.deadlineMs;
  }

  /** What binds the calls of its actor, whose address is `self`, to this message. */
  scopeOf(self: ActorAddress): CallScope {
    return (this.#scope ??= new Scope(this, [...this.chain, self]));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort();
      else if (Number.isFinite(this.deadlineMs) && !this.#finished) {
        this.#timer = this.#clock.after(this.remainingMs(), () => this.cancel());
      }
    }
    return this.#controller.signal;
  }

  /** Cancels `dependant` with this message, at once if it is cancelled already. */
  hold(dependant: Dependant): void {
    if (this.#cancelled) dependant.cancel();
    if (this.#cancelled || this.#finished) return;
    const held = this.#dependants;
    if (held === undefined) this.#dependants = dependant;
    else if (held instanceof Set) held.add(dependant);
    else this.#dependants = new Set([held, dependant]);
  }

  /** Takes back what {@link hold} did. */
  release(dependant: Dependant): void {
    const held = this.#dependants;
    if (held === dependant) this.#dependants = undefined;
    else if (held instanceof Set) held.delete(dependant);
  }

  /** Aborts the handler's signal and every call it waits for. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const held = this.#dependants;
    this.endSpan(cancelledError);
    this.finish();
    this.#controller?.abort();
    if (held instanceof Set) for (const dependant of held) dependant.cancel();
    else held?.cancel();
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
    this.#dependants = undefined;
  }
}

/** The message in hand as its calls see it; one for all that are made on the way. */
class Scope implements CallScope {
  readonly chain: readonly ActorAddress[];
  readonly #current: Current;

  constructor(current: Current, chain: readonly ActorAddress[]) {
    this.#current = current;
    this.chain = chain;
  }

  get deadlineMs(): number {
    return this.#current.deadlineMs;
  }
  get remainingMs(): number {
    return this.#current.remainingMs();
  }
  get trace(): Traceparent | undefined {
    return this.#current.trace;
  }

  cancelled(): boolean {
    return this.#current.cancelled;
  }

  hold(dependant: Dependant): void {
    this.#current.hold(dependant);
  }

  release(dependant: Dependant): void {
    this.#current.release(dependant);
  }
}
