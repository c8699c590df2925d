/**
 * The calling side of an executor: opens calls and streams for its actors and for code that is not an actor, and binds
 * each to what may end it early: its deadline, an abort signal, the call that its caller is handling.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { readTraceparent } from '#protocols/wire/trace-context';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { CallOptions } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';
import { priorityNumber } from '../mailbox/priority.js';
import type { Span } from '../telemetry/tracer.js';
import type { Spans } from '../telemetry/spans.js';
import { type CallSink, CallTable } from './calls.js';
import type { CallScope } from './cell-host.js';
import { STREAM_WINDOW, StreamReader } from './stream.js';

/** What the caller needs of its executor. */
export interface CallerHost {
  readonly address: ActorAddress;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly spans: Spans | undefined;
  deliver(envelope: Envelope): boolean;
}

/** What is asked, of whom. */
interface Question {
  readonly to: ActorAddress;
  readonly name: string;
  readonly message: unknown;
  /** Items a stream may send at first; 0 for a plain call. */
  readonly credit: number;
}

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

  call(to: ActorAddress, name: string, message: unknown, options: CallOptions, scope?: CallScope): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let value: unknown;
      const item = (received: unknown): void => {
        value = received;
      };
      this.#open({ to, name, message, credit: 0 }, options, scope, { item, end: () => resolve(value), fail: reject });
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
        let id = 0;
        const reader = new StreamReader(
          (count) => void this.#host.deliver({ kind: 'credit', to, from: this.#host.address, id, count }),
          () => this.#cancel(id, to, name),
        );
        this.#open({ to, name, message, credit: STREAM_WINDOW }, streamOptions, scope, reader, (opened) => {
          id = opened;
        });
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

  #open(
    question: Question,
    options: CallOptions,
    scope: CallScope | undefined,
    sink: CallSink,
    onId: (id: number) => void = () => {},
  ): void {
    const { to, name, message, credit } = question;
    const timeoutMs = this.#timeoutOf(to, options, scope);
    const priority = options.priority === undefined ? undefined : priorityNumber(options.priority);
    if (this.#closed) return sink.fail(closedError());
    const parent = options.traceparent === undefined ? scope?.trace : readTraceparent(options.traceparent);
    const span = this.#host.spans?.call(to, name, parent);
    const trace = span?.trace ?? parent;
    const id = this.#table.open(to, name, timeoutMs, span === undefined ? sink : spanned(sink, span));
    onId(id);
    if (options.signal?.aborted === true || scope?.cancelled() === true) return this.fail(id, cancelledError(to, name));
    const cancel = (): void => this.#cancel(id, to, name);
    if (scope !== undefined || options.signal !== undefined) {
      options.signal?.addEventListener('abort', cancel, { once: true });
      const release = scope?.onOpen(cancel);
      this.#table.whenSettled(id, () => {
        options.signal?.removeEventListener('abort', cancel);
        release?.();
      });
    }
    const chain = scope?.chain ?? [];
    const call = { kind: 'call', to, from: this.#host.address, id, name, message, timeoutMs, chain, credit } as const;
    const traced: Envelope = trace === undefined ? call : { ...call, trace };
    this.#host.deliver(priority === undefined ? traced : { ...traced, priority });
  }

  /** The shorter of what was asked for and what the caller's own call has left. */
  #timeoutOf(to: ActorAddress, options: CallOptions, scope: CallScope | undefined): number {
    // Before anything is opened: a text that is no address fails here.
    addressParts(to);
    const asked = options.timeoutMs ?? this.#host.callTimeoutMs;
    if (!(asked >= 0))
      throw new SkepError('BAD_USAGE', `timeoutMs is ${asked}: expected milliseconds from 0`, { timeoutMs: asked });
    return Math.max(0, Math.min(asked, scope?.remainingMs ?? Number.POSITIVE_INFINITY));
  }

  #cancel(id: number, to: ActorAddress, name: string): void {
    if (this.#table.fail(id, cancelledError(to, name))) this.#sendCancel(id, to);
  }

  #sendCancel(id: number, to: ActorAddress): void {
    this.#host.deliver({ kind: 'cancel', to, from: this.#host.address, id });
  }
}

/** A sink whose end is the end of a span, too. */
function spanned(sink: CallSink, span: Span): CallSink {
  return {
    item: (value) => sink.item(value),
    end: () => {
      span.end();
      sink.end();
    },
    fail: (error) => {
      span.end(error);
      sink.fail(error);
    },
  };
}

function cancelledError(to: ActorAddress, name: string): SkepError {
  return new SkepError('CALL_CANCELLED', `call "${name}" to ${to} was cancelled`, { to, name });
}

function closedError(): SkepError {
  return new SkepError('ACTOR_STOPPED', 'the system is shut down');
}
