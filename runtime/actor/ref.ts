/**
 * Refs: typed, location-transparent handles of actors. A ref is an address, the definition that gives it its types, and
 * the messenger of whoever holds it; only the address ever travels.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Answered } from './reply-token.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { Priority } from '../mailbox/priority.js';
import { SkepError } from '#protocols/wire/error';
import type { ReliableSettings } from '../delivery/options.js';
import type { Envelope } from '#protocols/wire/envelope';

type CastEnvelope = Extract<Envelope, { kind: 'cast' }>;
type CallEnvelope = Extract<Envelope, { kind: 'call' }>;

/** What a ref knows of an actor: its handlers' types, and which calls are streams. Every definition is one. */
export interface RefTarget {
  readonly calls: object;
  readonly casts: object;
  readonly streams: ReadonlySet<string>;
  /** Casts are delivered reliably. */
  readonly reliable?: ReliableSettings | undefined;
}

/** Options of a cast. */
export interface CastOptions {
  /** Default `normal`. A definition with a rule of its own (`mailbox.priority`) decides itself. */
  readonly priority?: Priority;
  /** W3C trace context that the message belongs to; a malformed one is passed over. Default: that of the sender. */
  readonly traceparent?: string | undefined;
}

/** Options of a call. */
export interface CallOptions extends CastOptions {
  /** Deadline in milliseconds. Default 5000; `Infinity` waits as long as both ends live. */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

type CallsOf<D> = D extends { readonly calls: infer Calls } ? Calls : never;
type CastsOf<D> = D extends { readonly casts: infer Casts } ? Casts : never;
/** The message parameter of a handler; a handler without one, or with an optional one, needs no argument. */
type MessageOf<H> = H extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends []
    ? undefined
    : Rest extends [infer M, ...unknown[]]
      ? M
      : Rest extends [(infer M)?, ...unknown[]]
        ? M | undefined
        : undefined
  : never;
/** What a handler returns. */
export type ReturnOf<H> = H extends (...args: never) => infer R ? R : never;
/** `await` semantics for plain handlers, an async iterable for generators. In brackets, so that a union stays one promise. */
type AnswerOf<R> = [R] extends [never]
  ? Promise<never>
  : [R] extends [AsyncGenerator<infer Item, unknown, unknown>]
    ? AsyncIterable<Item>
    : Promise<Answered<Awaited<R>>>;
type Arguments<H> =
  undefined extends MessageOf<H>
    ? [message?: MessageOf<H>, options?: CallOptions]
    : [message: MessageOf<H>, options?: CallOptions];

type CastArguments<H> =
  undefined extends MessageOf<H>
    ? [message?: MessageOf<H>, options?: CastOptions]
    : [message: MessageOf<H>, options?: CastOptions];
/** Names the field that exists for the compiler alone. */
declare const handlers: unique symbol;

/** A handle of a living (or once living) actor. */
export interface ActorRef<D extends RefTarget = RefTarget> {
  /** Keeps refs of different actors apart for the compiler, which takes methods for alike too easily; never there. */
  readonly [handlers]?: { readonly calls: CallsOf<D>; readonly casts: CastsOf<D> };
  readonly address: ActorAddress;
  /**
   * Sends without waiting. True: taken, go on. False: the receiver is behind, so wait for `drained()`; the message was
   * taken all the same, unless too many wait already, when it is refused and becomes a dead letter. A sender that waits
   * whenever it gets false has none refused; `tryCast` tells the two apart.
   */
  cast<K extends keyof CastsOf<D> & string>(name: K, ...rest: CastArguments<CastsOf<D>[K]>): boolean;
  /** As `cast`, and says which: `accepted`, `wait` (taken; go on after `drained()`) or `refused` (a dead letter). */
  tryCast<K extends keyof CastsOf<D> & string>(name: K, ...rest: CastArguments<CastsOf<D>[K]>): CastOutcome;
  /** Sends and gives the reply, or the items of a stream. Rejects with a SkepError. */
  call<K extends keyof CallsOf<D> & string>(
    name: K,
    ...rest: Arguments<CallsOf<D>[K]>
  ): AnswerOf<ReturnOf<CallsOf<D>[K]>>;
  /** Resolves once the receiver has caught up and `cast` would return true again, or once it is no more. */
  drained(): Promise<void>;
}

/** What a ref needs of its holder. */
export interface Messenger {
  tryCast(to: ActorAddress, name: string, message: unknown, options?: CastOptions): CastOutcome;
  /** `near`: the actor, where it is known to be near. */
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions, near?: NearActor): Promise<unknown>;
  stream(to: ActorAddress, name: string, message: unknown, options: CallOptions): AsyncIterable<unknown>;
  drained(to: ActorAddress): Promise<void>;
  /** How the holder sends casts that are delivered reliably; absent when it cannot. */
  readonly reliable?: ReliableMessenger;
  /** The actor at an address of the holder's own executor; undefined when none lives there, null for other executors. */
  near?(to: ActorAddress): NearActor | undefined | null;
  /** As `tryCast`, to an actor that is near. */
  castNear?(to: NearActor, name: string, message: unknown): CastOutcome;
}

/** An actor on the same executor, which takes casts without a look at their address. */
export interface NearActor {
  readonly address: ActorAddress;
  /** Its life is over and its address is dead, or another's. */
  readonly gone: boolean;
  accept(envelope: CastEnvelope, onCredit: boolean): CastOutcome;
  /** Takes a call whose deadline on the clock of the executor is known. */
  acceptCall(envelope: CallEnvelope, deadlineMs: number): void;
}

/** Reliable casts of one holder. */
export interface ReliableMessenger {
  /** `named`: the name by which the receiver was found. */
  tryCast(to: ActorAddress, name: string, message: unknown, settings: ReliableSettings, named?: ActorName): CastOutcome;
  drained(to: ActorAddress, settings: ReliableSettings, named?: ActorName): Promise<void>;
}

/** Who has an address. */
export interface Addressed {
  readonly address: ActorAddress;
}

function addressOf(to: ActorAddress | Addressed): ActorAddress {
  return typeof to === 'string' ? to : to.address;
}

/** A name on a node; it stays when the address changes. */
export interface ActorName {
  readonly node: string;
  readonly name: string;
}

/**
 * Makes a ref for a holder; `named` where a name led to the address.
 * @throws SkepError BAD_USAGE where casts are reliable and the holder cannot send such.
 */
export function makeRef<D extends RefTarget>(
  definition: D,
  address: ActorAddress | Addressed,
  messenger: Messenger,
  named?: ActorName,
): ActorRef<D> {
  const { reliable: settings } = definition;
  if (settings === undefined) return new Ref(definition, address, messenger) as unknown as ActorRef<D>;
  const { reliable } = messenger;
  if (reliable === undefined)
    throw new SkepError(
      'BAD_USAGE',
      `a ref of ${addressOf(address)}: its casts are reliable and its holder cannot send such`,
    );
  // The definition's handlers say what comes back; at run time all answers take the same path.
  const sender = named === undefined ? reliable : byName(reliable, named);
  return new ReliableRef(definition, address, messenger, settings, sender) as unknown as ActorRef<D>;
}

/** Adds the name to what is sent. Apart from the ref, so that the many refs without one do not pay for it. */
function byName(reliable: ReliableMessenger, named: ActorName): ReliableMessenger {
  return {
    tryCast: (to, name, message, settings) => reliable.tryCast(to, name, message, settings, named),
    drained: (to, settings) => reliable.drained(to, settings, named),
  };
}

/** The ref of every definition. A class, because closures of its own for each of a million refs would weigh 400 bytes. */
class Ref {
  /** The address, or who has it: the text of a million addresses that nobody asks for is not made. */
  #to: ActorAddress | Addressed;
  readonly #definition: RefTarget;
  readonly #messenger: Messenger;
  /** Where casts go without their address being looked up; undefined while that is not known, null when it is not near. */
  #near: NearActor | undefined | null;

  constructor(definition: RefTarget, to: ActorAddress | Addressed, messenger: Messenger) {
    this.#definition = definition;
    this.#to = to;
    this.#messenger = messenger;
  }

  get address(): ActorAddress {
    return typeof this.#to === 'string' ? this.#to : (this.#to = this.#to.address);
  }

  cast(name: string, message?: unknown, options?: CastOptions): boolean {
    return this.tryCast(name, message, options) === 'accepted';
  }

  tryCast(name: string, message?: unknown, options?: CastOptions): CastOutcome {
    const messenger = this.#messenger;
    const near = this.#lookNear();
    return near === undefined || options !== undefined || messenger.castNear === undefined
      ? messenger.tryCast(this.address, name, message, options)
      : messenger.castNear(near, name, message);
  }

  call(name: string, message?: unknown, options: CallOptions = NO_OPTIONS): unknown {
    const { streams } = this.#definition;
    if (streams.size > 0 && streams.has(name)) return this.#messenger.stream(this.address, name, message, options);
    return this.#messenger.call(this.address, name, message, options, this.#lookNear());
  }

  /** The actor, where it is near. */
  #lookNear(): NearActor | undefined {
    let near = this.#near;
    if (near === undefined || near?.gone === true) {
      near = this.#messenger.near === undefined ? null : this.#messenger.near(this.address);
      this.#near = near;
    }
    return near === null ? undefined : near;
  }

  drained(): Promise<void> {
    return this.#messenger.drained(this.address);
  }
}

const NO_OPTIONS: CallOptions = {};

/** A ref whose casts are delivered reliably. */
class ReliableRef extends Ref {
  readonly #settings: ReliableSettings;
  readonly #sender: ReliableMessenger;

  constructor(
    definition: RefTarget,
    address: ActorAddress | Addressed,
    messenger: Messenger,
    settings: ReliableSettings,
    sender: ReliableMessenger,
  ) {
    super(definition, address, messenger);
    this.#settings = settings;
    this.#sender = sender;
  }

  override tryCast(name: string, message?: unknown): CastOutcome {
    return this.#sender.tryCast(this.address, name, message, this.#settings);
  }

  override drained(): Promise<void> {
    return this.#sender.drained(this.address, this.#settings);
  }
}
