/**
 * A probe: an actor of a test that records what it is sent and says what it expected when that does not come. It
 * stands in for a collaborator (`probe.ref(definition)`), watches others end, and answers calls when the test says so.
 * Like any actor it handles one message at a time: while a call waits for its answer, later mail waits too.
 */
import { AssertionError } from 'node:assert';
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { ActorContext } from '../actor/context.js';
import type { ActorRef, RefTarget } from '../actor/ref.js';
import { textOf } from './trace.js';

/** How a probe is made. */
export interface ProbeOptions {
  /** Registers the probe under this name. */
  readonly name?: string;
  /** Executor to live on. Default: any default one in turn. */
  readonly executor?: number;
}

/** How long an expectation waits. */
export interface ExpectOptions {
  /** Milliseconds of virtual time. Default 1000. */
  readonly withinMs?: number;
}

/** A cast that a probe got. */
export interface ProbeCast {
  readonly kind: 'cast';
  readonly name: string;
  readonly message: unknown;
  readonly from: ActorAddress | undefined;
}

/** A call that a probe got; its caller waits for one of the two answers. */
export interface ProbeCall {
  readonly kind: 'call';
  readonly name: string;
  readonly message: unknown;
  readonly from: ActorAddress | undefined;
  reply(value: unknown): void;
  /** The caller's call rejects with this error. */
  fail(error: SkepError): void;
}

/** The end of an actor that a probe watched. */
export interface ProbeDown {
  readonly kind: 'down';
  readonly address: ActorAddress;
  readonly reason: ExitReason;
}

/** One thing that a probe got. */
export type ProbeEvent = ProbeCast | ProbeCall | ProbeDown;

/** What a probe needs of its system. */
export interface ProbeHost {
  now(): number;
  until(condition: () => boolean, endMs: number): Promise<boolean>;
  ref<D extends RefTarget>(definition: D, address: ActorAddress): ActorRef<D>;
}

type Wanted<K extends ProbeEvent['kind']> = Extract<ProbeEvent, { kind: K }>;

const DEFAULT_WITHIN_MS = 1_000;

/** An actor that a test looks through. */
export class Probe {
  readonly #host: ProbeHost;
  readonly #events: ProbeEvent[] = [];
  #seen = 0;
  #ctx: ActorContext | undefined;

  constructor(host: ProbeHost) {
    this.#host = host;
  }

  get address(): ActorAddress {
    return this.#living.self;
  }

  /** Everything received so far, read or not, oldest first. */
  get received(): readonly ProbeEvent[] {
    return this.#events;
  }

  /** The probe as an actor of that definition, for those who expect one. */
  ref<D extends RefTarget>(definition: D): ActorRef<D> {
    return this.#host.ref(definition, this.address);
  }

  /** Watches an actor: its end is an event, for {@link expectDown}. */
  watch(target: ActorAddress | ActorRef): void {
    this.#living.monitor(typeof target === 'string' ? target : target.address);
  }

  /**
   * The next thing that the probe gets is a cast of that name which fits the predicate.
   * @throws AssertionError when it is not, or when nothing comes in time.
   */
  expectCast(
    name: string,
    fits: (message: unknown) => boolean = () => true,
    options?: ExpectOptions,
  ): Promise<ProbeCast> {
    return this.#expect('cast', `cast "${name}"`, (event) => event.name === name && fits(event.message), options);
  }

  /** As {@link expectCast}, but passes over whatever else comes first. */
  fishForCast(
    name: string,
    fits: (message: unknown) => boolean = () => true,
    options?: ExpectOptions,
  ): Promise<ProbeCast> {
    return this.#fish('cast', `cast "${name}"`, (event) => event.name === name && fits(event.message), options);
  }

  /** The next thing that the probe gets is a call of that name; answer it with the result's `reply` or `fail`. */
  expectCall(
    name: string,
    fits: (message: unknown) => boolean = () => true,
    options?: ExpectOptions,
  ): Promise<ProbeCall> {
    return this.#expect('call', `call "${name}"`, (event) => event.name === name && fits(event.message), options);
  }

  /** The next thing that the probe gets is the end of an actor that it watches. */
  expectDown(target: ActorAddress | ActorRef, options?: ExpectOptions): Promise<ProbeDown> {
    const address = typeof target === 'string' ? target : target.address;
    return this.#expect('down', `down of ${address}`, (event) => event.address === address, options);
  }

  /** Nothing comes for that much virtual time, 100 ms by default. */
  async expectNone(forMs = 100): Promise<void> {
    await this.#waitForEvent(forMs);
    if (this.#events.length > this.#seen) this.#refuse(`nothing for ${forMs} ms`, this.#events.at(this.#seen));
  }

  /** Called by the probe's actor as it begins a life. */
  attach(ctx: ActorContext): void {
    this.#ctx = ctx;
  }

  /** Called by the probe's actor with what it got. */
  record(event: ProbeEvent): void {
    this.#events.push(event);
  }

  get #living(): ActorContext {
    if (this.#ctx === undefined) throw new SkepError('BAD_USAGE', 'the probe has not been started');
    return this.#ctx;
  }

  async #expect<K extends ProbeEvent['kind']>(
    kind: K,
    what: string,
    fits: (event: Wanted<K>) => boolean,
    { withinMs = DEFAULT_WITHIN_MS }: ExpectOptions = {},
  ): Promise<Wanted<K>> {
    await this.#waitForEvent(withinMs);
    const event = this.#events[this.#seen];
    if (event === undefined || !isWanted(event, kind, fits))
      return this.#refuse(`${what} within ${withinMs} ms`, event);
    this.#seen += 1;
    return event;
  }

  async #fish<K extends ProbeEvent['kind']>(
    kind: K,
    what: string,
    fits: (event: Wanted<K>) => boolean,
    { withinMs = DEFAULT_WITHIN_MS }: ExpectOptions = {},
  ): Promise<Wanted<K>> {
    const endMs = this.#host.now() + withinMs;
    for (;;) {
      await this.#host.until(() => this.#events.length > this.#seen, endMs);
      const event = this.#events[this.#seen];
      if (event === undefined) return this.#refuse(`${what} within ${withinMs} ms`, event);
      this.#seen += 1;
      if (isWanted(event, kind, fits)) return event;
    }
  }

  #waitForEvent(withinMs: number): Promise<boolean> {
    return this.#host.until(() => this.#events.length > this.#seen, this.#host.now() + withinMs);
  }

  #refuse(expected: string, got: ProbeEvent | undefined): never {
    const lines = this.#events.map((event, index) => `  ${index < this.#seen ? 'read  ' : 'unread'} ${inWords(event)}`);
    const all = lines.length === 0 ? '  nothing' : lines.join('\n');
    throw new AssertionError({
      message: `probe ${this.address} expected ${expected} and got ${got === undefined ? 'nothing' : inWords(got)}; received so far:\n${all}`,
      expected,
      actual: got === undefined ? 'nothing' : inWords(got),
    });
  }
}

function isWanted<K extends ProbeEvent['kind']>(
  event: ProbeEvent,
  kind: K,
  fits: (event: Wanted<K>) => boolean,
): event is Wanted<K> {
  return event.kind === kind && fits(event as Wanted<K>);
}

function inWords(event: ProbeEvent): string {
  if (event.kind === 'down') return `down of ${event.address} (${event.reason.class}: ${event.reason.message})`;
  return `${event.kind} "${event.name}" ${textOf(event.message)} from ${event.from ?? 'outside'}`;
}
