/**
 * The message that an actor has in hand: at most one handler is at work. A handler that is still at work when its life
 * ends (a restart, a stop) is given up: its caller is told at once, and whatever it does later finds that it is over.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { AnyDefinition } from '../actor/definition.js';
import { failureReason } from '../actor/failure.js';
import type { Clock } from '../clock/clock.js';
import type { Journal } from '../persistence/journal.js';
import type { Logger } from '../telemetry/log.js';
import type { Call } from './cell-refusal.js';
import { Current } from './current.js';
import type { Letter } from './letter.js';

/** The actor whose hand it is. */
export interface HandOwner {
  readonly address: ActorAddress;
  readonly definition: AnyDefinition;
  /** Who started it, while it starts. */
  readonly starter: ActorAddress | undefined;
  /** What the actor persists, where it does. */
  readonly journal: Journal | undefined;
  /** Asks for a turn. */
  wake(): void;
  /** A handler threw what it may not throw. */
  crashed(reason: ExitReason): void;
  readonly host: { readonly clock: Clock; readonly log: Logger };
}

/** A handler, whatever it handles. */
// oxlint-disable-next-line typescript/no-explicit-any -- handlers of all states and contexts come through here
type Handler<Message> = (state: any, message: Message, context: any) => unknown;

/** What a handler is given beside its message. */
interface Subject {
  readonly state: unknown;
  readonly context: unknown;
}

/** What answers letters. */
interface Mail {
  reply(call: Call, value: unknown): void;
  endOf(letter: Letter, current: Current): WorkEnd;
}

/** What happens when a handler is done. */
export interface WorkEnd {
  readonly current: Current;
  readonly onValue?: (value: unknown) => void;
  /** How the caller, where one waits, hears of a failure. */
  readonly onError?: (error: SkepError) => void;
  /** The message is not done with this run: it is a step of a stream. */
  readonly keep?: boolean;
}

/** One run of a handler. */
export interface Work extends WorkEnd {
  readonly body: () => unknown;
}

export class Hand {
  readonly #owner: HandOwner;
  /**
   * Absent in an idle actor, unless somebody holds its signal. A letter whose handler has not asked for more than its
   * message is itself what is in hand: most handlers are done without, and a Current is large.
   */
  #inHand: Current | Letter | undefined;
  #busy = false;
  #onError: WorkEnd['onError'];
  #onIdle: (() => void)[] | undefined;
  #life = 0;

  constructor(owner: HandOwner) {
    this.#owner = owner;
  }

  /** What the actor is doing; between messages, that it does nothing for anybody. */
  get current(): Current {
    const inHand = this.#inHand;
    if (inHand instanceof Current) return inHand;
    const { clock } = this.#owner.host;
    const current = inHand === undefined ? new Current(clock, this.#owner.starter) : Current.of(inHand, clock);
    this.#inHand = current;
    return current;
  }

  /** The trace of what the actor is doing. */
  get trace(): Traceparent | undefined {
    const inHand = this.#inHand;
    if (inHand === undefined) return undefined;
    return 'envelope' in inHand ? inHand.envelope.trace : inHand.trace;
  }

  set current(current: Current) {
    this.#inHand = current;
  }

  /** The end of what the actor was doing. */
  cancel(): void {
    if (this.#inHand !== undefined) this.current.cancel();
  }

  /** The handler is done; who kept its signal still hears of the end of the actor. */
  finish(current: Current): void {
    current.finish();
    if (current === this.#inHand && !current.observed) this.#inHand = undefined;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Whether there is no message in hand, and nobody who waits for one to be done. */
  get empty(): boolean {
    return !this.#busy && this.#inHand === undefined && this.#onIdle === undefined;
  }

  /** Resolves once no handler is at work. */
  idle(): Promise<void> {
    return this.#busy ? new Promise((resolve) => (this.#onIdle ??= []).push(resolve)) : Promise.resolve();
  }

  /**
   * Runs one handler to its end. A SkepError out of a call is an expected failure and becomes its answer; anything else
   * that is thrown is a crash, for the supervisor to judge.
   */
  take(work: Work): void {
    const { current, body, onValue, keep } = work;
    this.#inHand = current;
    let outcome: unknown;
    let later: boolean;
    try {
      outcome = body();
      if (this.#owner.journal !== undefined) outcome = held(outcome, this.#owner.journal);
      later = isThenable(outcome);
    } catch (thrown) {
      this.threw(thrown, work);
      return;
    }
    if (later) {
      this.awaitOutcome(outcome, work);
      return;
    }
    if (keep !== true) this.finish(current);
    onValue?.(outcome);
    current.after?.commit();
  }

  /**
   * As {@link take}, for a step that does not hold the actor: once it waits, the hand is free for what comes next, and
   * its end is told whatever is in hand by then.
   */
  takeBeside(work: Work): void {
    const { current, body, onValue } = work;
    const life = this.#life;
    this.#inHand = current;
    const begun = body();
    const outcome = this.#owner.journal === undefined ? begun : held(begun, this.#owner.journal);
    if (this.#inHand === current) this.#inHand = undefined;
    Promise.resolve(outcome).then(
      (value) => {
        if (life !== this.#life) return;
        onValue?.(value);
        this.#owner.wake();
      },
      (thrown: unknown) => {
        if (life !== this.#life) return;
        this.threw(thrown, work);
        this.#owner.wake();
      },
    );
  }

  /**
   * As {@link take}, for a message without span and receipt: nothing is made for a handler that is done at once and asks
   * for nothing but its message.
   */
  takeLetter<M>(letter: Letter, message: M, handler: Handler<M>, { state, context }: Subject, mail: Mail): void {
    this.#inHand = letter;
    let outcome: unknown;
    let later: boolean;
    try {
      outcome = handler(state, message, context);
      if (this.#owner.journal !== undefined) outcome = held(outcome, this.#owner.journal);
      later = isThenable(outcome);
    } catch (thrown) {
      this.threw(thrown, mail.endOf(letter, this.current));
      return;
    }
    if (later) {
      this.awaitOutcome(outcome, mail.endOf(letter, this.current));
      return;
    }
    if (this.#inHand === letter) {
      this.#inHand = undefined;
      if ('deadlineMs' in letter) mail.reply(letter.envelope, outcome);
      return;
    }
    const { current } = this;
    this.finish(current);
    if ('deadlineMs' in letter && current.after?.silent !== true) mail.reply(letter.envelope, outcome);
    current.after?.commit();
  }

  /** What to do with what a handler threw. */
  threw(thrown: unknown, { current, onError }: WorkEnd): void {
    current.endSpan(thrown);
    this.finish(current);
    current.after?.discard();
    if (thrown instanceof SkepError && onError !== undefined) {
      onError(thrown);
      return;
    }
    const { address, definition } = this.#owner;
    const reason = failureReason(thrown);
    const facts = { actor: address, class: reason.class };
    this.#owner.host.log.error('actor crashed', { actor: address, definition: definition.name, error: thrown });
    onError?.(new SkepError('ACTOR_CRASHED', `${definition.name} crashed: ${reason.message}`, facts));
    this.#owner.crashed(reason);
  }

  /** Ends this life: whoever waits for the message in hand gets `error`. */
  abandon(error: SkepError): void {
    this.#life += 1;
    if (!this.#busy) return;
    this.cancel();
    this.current.after?.discard();
    this.#onError?.(error);
    this.release();
  }

  private awaitOutcome(outcome: unknown, work: WorkEnd): void {
    this.#busy = true;
    work.current.waits();
    this.#onError = work.onError;
    const life = this.#life;
    Promise.resolve(outcome).then(
      (value) => {
        if (life !== this.#life) return;
        if (work.keep !== true) this.finish(work.current);
        work.onValue?.(value);
        work.current.after?.commit();
        this.release();
      },
      (thrown: unknown) => {
        if (life !== this.#life) return;
        this.threw(thrown, work);
        this.release();
      },
    );
  }

  private release(): void {
    this.#busy = false;
    this.#onError = undefined;
    const waiting = this.#onIdle;
    this.#onIdle = undefined;
    for (const done of waiting ?? []) done();
    this.#owner.wake();
  }
}

/** An outcome that comes no sooner than what it must wait for. */
function held(outcome: unknown, journal: Journal): unknown {
  if (isThenable(outcome)) {
    return Promise.resolve(outcome).then(async (value) => {
      await journal.hold();
      return value;
    });
  }
  const open = journal.hold();
  return open === undefined ? outcome : open.then(() => outcome);
}

/** Whether an outcome is still to come. */
export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
