/**
 * One call that this executor waits for. All that may end it hangs on this one object, which is its own deadline and its
 * own place among what its caller's call would take with it: a call in flight is made of few objects, because the
 * collector pays for each.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { SkepError } from '#protocols/wire/error';
import { Deadline } from '../clock/deadlines.js';
import type { Span } from '../telemetry/tracer.js';
import type { CallScope, Dependant } from './call-scope.js';

/** What happens to a call. */
export interface CallSink {
  /** One item of a stream, or the one value of a plain call (then `end` follows). */
  item(value: unknown): void;
  end(): void;
  fail(error: SkepError): void;
}

/** Where the call is listed. */
export interface CallOwner {
  /** Its deadline has come. */
  expired(call: PendingCall): void;
  /** Its caller wants no answer any more. */
  cancelled(call: PendingCall): void;
}

export abstract class PendingCall extends Deadline implements Dependant, CallSink {
  readonly owner: CallOwner;
  readonly id: number;
  readonly to: ActorAddress;
  readonly name: string;
  readonly timeoutMs: number;
  #scope: CallScope | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;
  #span: Span | undefined;

  constructor(owner: CallOwner, id: number, to: ActorAddress, name: string, timeoutMs: number) {
    super();
    this.owner = owner;
    this.id = id;
    this.to = to;
    this.name = name;
    this.timeoutMs = timeoutMs;
  }

  abstract item(value: unknown): void;
  abstract end(): void;
  abstract fail(error: SkepError): void;

  /** Binds it to what may cancel it, and to the span that ends with it. */
  bind(scope: CallScope | undefined, signal: AbortSignal | undefined, span: Span | undefined): void {
    this.#span = span;
    if (scope !== undefined) {
      this.#scope = scope;
      scope.hold(this);
    }
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => this.cancel();
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  cancel(): void {
    this.owner.cancelled(this);
  }

  /** It is over, with that error where there is one: nothing holds it any more. */
  release(error?: SkepError): void {
    this.unset();
    this.#scope?.release(this);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#span?.end(error);
  }

  protected reached(): void {
    this.owner.expired(this);
  }
}

/** A call with one reply, as a promise. */
export class PlainCall extends PendingCall {
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: SkepError) => void;
  #value: unknown;

  constructor(
    owner: CallOwner,
    id: number,
    to: ActorAddress,
    name: string,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (error: SkepError) => void,
  ) {
    super(owner, id, to, name, timeoutMs);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  item(value: unknown): void {
    this.#value = value;
  }

  end(): void {
    this.#resolve(this.#value);
  }

  fail(error: SkepError): void {
    this.#reject(error);
  }
}

/** A call whose answers go to a sink of its own. */
export class SinkCall extends PendingCall {
  readonly #sink: CallSink;

  constructor(owner: CallOwner, id: number, to: ActorAddress, name: string, timeoutMs: number, sink: CallSink) {
    super(owner, id, to, name, timeoutMs);
    this.#sink = sink;
  }

  item(value: unknown): void {
    this.#sink.item(value);
  }

  end(): void {
    this.#sink.end();
  }

  fail(error: SkepError): void {
    this.#sink.fail(error);
  }
}
