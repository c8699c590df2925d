/**
 * The calling side of an executor: opens calls and streams for its actors and for code that is not an actor, and binds
 * each to what may end it early: its deadline, an abort signal, the call that its caller is handling.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { readTraceparent } from '#protocols/wire/trace-context';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { CallOptions, NearActor } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';
import { priorityNumber } from '../mailbox/priority.js';
import type { Spans } from '../telemetry/spans.js';
import type { CallScope } from './call-scope.js';
import { CallTable, cancelledError } from './calls.js';
import type { Call } from './cell-refusal.js';
import type { PendingCall } from './pending-call.js';
import { STREAM_WINDOW, StreamReader } from './stream.js';

/** What the caller needs of its executor. */
export interface CallerHost {
  readonly address: ActorAddress;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly spans: Spans | undefined;
  deliver(envelope: Envelope): boolean;
  /** Sends a call whose deadline on the clock of this executor is known. */
  ask(envelope: Call, deadlineMs: number): void;
}

/** The call of an outermost caller waits for nobody else. */
const NO_CHAIN: readonly ActorAddress[] = [];

export class Caller {
  readonly #host: CallerHost;
  readonly #table: CallTable;
  #closed = false;

  constructor(host: CallerHost, firstId: number) {
    this.#host = host;
    this.#table = new CallTable(host.clock, firstId, (id, to) => this.#sendCancel(id, to));
  }

  get pending(): number {
    return this.#table.size;
  }

  /** `near`: the actor, where it is known to live on this executor. */
  call(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope: CallScope | undefined,
    near: NearActor | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Before anything is opened: a text that is no address fails here.
      if (near === undefined) addressParts(to);
      const nowMs = this.#host.clock.now();
      const timeoutMs = this.#timeoutOf(options, scope, nowMs);
      if (this.#closed) return reject(closedError());
      const call = this.#table.open(to, name, timeoutMs, { resolve, reject });
      this.#send(call, message, 0, options, scope, nowMs, near);
    });
  }

  /** Each iteration of the result is a call of its own. */
  stream(
    to: ActorAddress,
    name: string,
    message: unknown,
    options: CallOptions,
    scope?: CallScope,
  ): AsyncIterable<unknown> {
    // A stream lives as long as both ends do; a deadline applies only when asked for.
    const streamOptions = { ...options, timeoutMs: options.timeoutMs ?? Number.POSITIVE_INFINITY };
    return {
      [Symbol.asyncIterator]: () => {
        const nowMs = this.#host.clock.now();
        addressParts(to);
        const timeoutMs = this.#timeoutOf(streamOptions, scope, nowMs);
        let call: PendingCall | undefined;
        const reader = new StreamReader(
          (count) => {
            const { address: from } = this.#host;
            if (call !== undefined) this.#host.deliver({ kind: 'credit', to, from, id: call.id, count });
          },
          () => call?.cancel(),
        );
        if (this.#closed) reader.fail(closedError());
        else {
          call = this.#table.open(to, name, timeoutMs, reader);
          this.#send(call, message, STREAM_WINDOW, streamOptions, scope, nowMs, undefined);
        }
        return reader;
      },
    };
  }

  /** Gives an answer to whoever waits for it; false when nobody does. */
  answer(envelope: Extract<Envelope, { kind: 'reply' | 'item' | 'end' | 'fail' }>): boolean {
    switch (envelope.kind) {
      case 'reply':
        return this.#table.reply(envelope.id, envelope.value);
      case 'item':
        return this.#table.item(envelope.id, envelope.value);
      case 'end':
        return this.#table.end(envelope.id);
      case 'fail':
        return this.#table.fail(envelope.id, fromWireError(envelope.error));
    }
  }

  /** Gives the reply of a plain call to whoever waits for it; false when nobody does. */
  reply(id: number, value: unknown): boolean {
    return this.#table.reply(id, value);
  }

  /** Fails one call of this executor. */
  fail(id: number, error: SkepError): void {
    this.#table.fail(id, error);
  }

  /** Fails every call to addresses that `gone` accepts. */
  failWhere(gone: (to: ActorAddress) => boolean, error: (to: ActorAddress) => SkepError): void {
    this.#table.failWhere(gone, error);
  }

  /** Fails every call, and those to come: nothing of the executor waits any more. */
  close(): void {
    this.#closed = true;
    this.failWhere(() => true, closedError);
  }

  /** Binds an opened call to what may end it early, and sends it; `credit` is 0 for one with one reply. */
  #send(
    call: PendingCall,
    message: unknown,
    credit: number,
    options: CallOptions,
    scope: CallScope | undefined,
    nowMs: number,
    near: NearActor | undefined,
  ): void {
    const { id, to, name, timeoutMs } = call;
    const { signal, traceparent, priority } = options;
    const parent = traceparent === undefined ? scope?.trace : readTraceparent(traceparent);
    const span = this.#host.spans?.call(to, name, parent);
    const trace = span?.trace ?? parent;
    if (signal?.aborted === true || scope?.cancelled() === true) {
      call.bindTo(undefined, span);
      return this.fail(id, cancelledError(to, name));
    }
    if (scope !== undefined) call.bind(scope);
    if (signal !== undefined || span !== undefined) call.bindTo(signal, span);
    if (timeoutMs !== Number.POSITIVE_INFINITY) this.#table.expire(call, timeoutMs, nowMs);
    const chain = scope === undefined ? NO_CHAIN : scope.chain;
    const { address: from } = this.#host;
    const envelope: Call = { kind: 'call', to, from, id, name, message, timeoutMs, chain, credit };
    const whole = trace === undefined && priority === undefined ? envelope : extended(envelope, trace, priority);
    if (near === undefined) this.#host.ask(whole, nowMs + timeoutMs);
    else near.acceptCall(whole, nowMs + timeoutMs);
  }

  /** The shorter of what was asked for and what the caller's own call has left. */
  #timeoutOf(options: CallOptions, scope: CallScope | undefined, nowMs: number): number {
    // Before anything is opened: a priority that is none fails here.
    if (options.priority !== undefined) priorityNumber(options.priority);
    const asked = options.timeoutMs ?? this.#host.callTimeoutMs;
    if (!(asked >= 0))
      throw new SkepError('BAD_USAGE', `timeoutMs is ${asked}: expected milliseconds from 0`, { timeoutMs: asked });
    return scope === undefined ? asked : Math.max(0, Math.min(asked, scope.deadlineMs - nowMs));
  }

  #sendCancel(id: number, to: ActorAddress): void {
    this.#host.deliver({ kind: 'cancel', to, from: this.#host.address, id });
  }
}

/** Most calls have neither: their envelopes are as small as they can be. */
function extended(envelope: Call, trace: Call['trace'], priority: CallOptions['priority']): Call {
  return {
    ...envelope,
    ...(trace === undefined ? {} : { trace }),
    ...(priority === undefined ? {} : { priority: priorityNumber(priority) }),
  };
}

function closedError(): SkepError {
  return new SkepError('ACTOR_STOPPED', 'the system is shut down');
}
