/**
 * Refs: typed, location-transparent handles of actors. A ref is an address, the definition that gives it its types, and
 * the messenger of whoever holds it; only the address ever travels.
 */
import type { ActorAddress } from '#protocols/wire/address';

/** What a ref knows of an actor: its handlers' types, and which calls are streams. Every definition is one. */
export interface RefTarget {
  readonly calls: object;
  readonly casts: object;
  readonly streams: ReadonlySet<string>;
}

/** Options of a call. */
export interface CallOptions {
  /** Deadline in milliseconds. Default 5000; `Infinity` waits as long as both ends live. */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** W3C trace context that the call belongs to; a malformed one is passed over. Default: that of the caller. */
  readonly traceparent?: string | undefined;
}

type CallsOf<D> = D extends { readonly calls: infer Calls } ? Calls : never;
type CastsOf<D> = D extends { readonly casts: infer Casts } ? Casts : never;
/** The message parameter of a handler; a handler without one, or with an optional one, needs no argument. */
type MessageOf<H> = H extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends [infer M, ...unknown[]]
    ? M
    : undefined
  : never;
type ReturnOf<H> = H extends (...args: never) => infer R ? R : never;
/** `await` semantics for plain handlers, an async iterable for generators. In brackets, so that a union stays one promise. */
type AnswerOf<R> = [R] extends [never]
  ? Promise<never>
  : [R] extends [AsyncGenerator<infer Item, unknown, unknown>]
    ? AsyncIterable<Item>
    : Promise<Awaited<R>>;
type Arguments<H> =
  undefined extends MessageOf<H>
    ? [message?: MessageOf<H>, options?: CallOptions]
    : [message: MessageOf<H>, options?: CallOptions];

/** A handle of a living (or once living) actor. */
export interface ActorRef<D extends RefTarget = RefTarget> {
  readonly address: ActorAddress;
  /**
   * Sends without waiting. False when the receiver is above its high-water mark (wait for `drained()` then) or when the
   * message was refused and became a dead letter.
   */
  cast<K extends keyof CastsOf<D> & string>(
    name: K,
    ...message: undefined extends MessageOf<CastsOf<D>[K]>
      ? [message?: MessageOf<CastsOf<D>[K]>]
      : [message: MessageOf<CastsOf<D>[K]>]
  ): boolean;
  /** Sends and gives the reply, or the items of a stream. Rejects with a SkepError. */
  call<K extends keyof CallsOf<D> & string>(
    name: K,
    ...rest: Arguments<CallsOf<D>[K]>
  ): AnswerOf<ReturnOf<CallsOf<D>[K]>>;
  /** Resolves once `cast` would return true again. */
  drained(): Promise<void>;
}

/** What a ref needs of its holder. */
export interface Messenger {
  cast(to: ActorAddress, name: string, message: unknown): boolean;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions): Promise<unknown>;
  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions): AsyncIterable<unknown>;
  drained(to: ActorAddress): Promise<void>;
}

/** Makes a ref for a holder. */
export function makeRef<D extends RefTarget>(definition: D, address: ActorAddress, messenger: Messenger): ActorRef<D> {
  const answer = (name: string, message?: unknown, options: CallOptions = {}): unknown =>
    definition.streams.has(name)
      ? messenger.stream(address, name, message, options)
      : messenger.call(address, name, message, options);
  return {
    address,
    cast: (name, ...message) => messenger.cast(address, name, message[0]),
    // The definition's handlers say what comes back; at run time all answers take the same path.
    call: answer as ActorRef<D>['call'],
    drained: () => messenger.drained(address),
  };
}
