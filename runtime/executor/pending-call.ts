/**
 * One call that this executor waits for. All that may end it hangs on this one object, which is its own deadline and its
 * own place among what its caller's call would take with it: a call in flight is made of few objects, because the
 * collector pays for each.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { SkepError } from '#protocols/wire/error';
import { type Deadline, type Length, unset } from '../clock/deadlines.js';
import type { Span } from '../telemetry/tracer.js';
import type { CallScope, Dependant } from './call-scope.js';

/** What happens to a call. */
export interface CallSink {
  /** One item of a stream, or the one value of a plain call (then `end` follows). */
  item(value: unknown): void;
  end(): void;
  fail(error: SkepError): void;
}

/** The two ends of a promise. */
export interface Settle {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SkepError) => void;
}

/** Where the call is listed. */
export interface CallOwner {
  /** Its deadline has come. */
  expired(call: PendingCall): void;
  /** Its caller wants no answer any more. */
  cancelled(call: PendingCall): void;
}

/** What few calls have. */
interface Extra {
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly span: Span | undefined;
}

export class PendingCall implements Deadline, Dependant {
  readonly owner: CallOwner;
  readonly id: number;
  readonly to: ActorAddress;
  readonly name: string;
  readonly timeoutMs: number;
  /** Where its answers go: a promise has one value, a sink may have many. */
  readonly #answers: Settle | CallSink;
  #scope: CallScope | undefined = undefined;
  #extra: Extra | undefined = undefined;
  dueMs = 0;
  length: Length | undefined = undefined;
  before: Deadline | undefined = undefined;
  after: Deadline | undefined = undefined;

  constructor(
    owner: CallOwner,
    id: number,
    to: ActorAddress,
    name: string,
    timeoutMs: number,
    answers: Settle | CallSink,
  ) {
    this.owner = owner;
    this.id = id;
    this.to = to;
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.#answers = answers;
  }

  /** Its one reply. */
  reply(value: unknown): void {
    const answers = this.#answers;
    if ('resolve' in answers) answers.resolve(value);
    else {
      answers.item(value);
      answers.end();
    }
  }

  item(value: unknown): void {
    if ('item' in this.#answers) this.#answers.item(value);
  }

  end(): void {
    if ('end' in this.#answers) this.#answers.end();
    else this.#answers.resolve(undefined);
  }

  fail(error: SkepError): void {
    if ('reject' in this.#answers) this.#answers.reject(error);
    else this.#answers.fail(error);
  }

  /** Binds it to the call that it is made in. */
  bind(scope: CallScope): void {
    this.#scope = scope;
    scope.hold(this);
  }

  /** Binds it to a signal that cancels it, and to the span that ends with it. */
  bindTo(signal: AbortSignal | undefined, span: Span | undefined): void {
    const onAbort = (): void => this.cancel();
    this.#extra = { signal, onAbort, span };
    signal?.addEventListener('abort', onAbort, { once: true });
  }

  cancel(): void {
    this.owner.cancelled(this);
  }

  /** It is over, with that error where there is one: nothing holds it any more. */
  release(error: SkepError | undefined): void {
    unset(this);
    this.#scope?.release(this);
    if (this.#extra === undefined) return;
    const { signal, onAbort, span } = this.#extra;
    signal?.removeEventListener('abort', onAbort);
    span?.end(error);
  }

  reached(): void {
    this.owner.expired(this);
  }
}
