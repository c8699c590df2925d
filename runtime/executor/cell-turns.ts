/**
 * The lanes of one actor and its turns on them, one message at a time.
 *
 *     what was put aside  before  infos (timers, down, exit)  before  stream steps  and  mailbox (casts, calls), the
 *     two in turn
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type SkepError, toWireError } from '#protocols/wire/error';
import type { Info } from '../actor/definition.js';
import { callHandlers, castHandlers } from '../actor/handler-cache.js';
import { handles, infoHandler, phaseOf, phaseSpec } from '../actor/phase-table.js';
import type { PhaseContext } from '../actor/phases.js';
import type { CastOutcome } from '../flow/outcome.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { ruledPriority } from '../mailbox/priority.js';
import { TOPIC_CAST, topicInfo } from '../topics/topic-info.js';
import { Aside } from './cell-aside.js';
import { CancelledCalls } from './cell-cancelled.js';
import { callerOf, callKey } from './call-key.js';
import { Hand, type HandOwner, type WorkEnd } from './cell-hand.js';
import type { CellHost } from './cell-host.js';
import { Infos } from './cell-infos.js';
import { type Call, type Cast, callFailure, cycleOf, refuse } from './cell-refusal.js';
import { type Producer, Producers, stepOf } from './cell-streams.js';
import type { IsGone, Watch } from './cell-watch.js';
import { Current } from './current.js';
import { envelopeOf, type Letter, type ReceivedCall } from './letter.js';

/** The actor whose turns these are. */
export interface TurnOwner extends HandOwner {
  readonly context: PhaseContext<unknown>;
  readonly watch: Watch;
  state: unknown;
  /** Whether handlers may run. */
  readonly running: boolean;
}

export class Turns {
  readonly hand: Hand;
  readonly #owner: TurnOwner;
  readonly #host: CellHost;
  // Most actors are idle and many never get a message: what follows is made when it is first needed.
  #mailbox: Mailbox<Letter> | undefined;
  #infos: Infos | undefined;
  #producers: Producers | undefined;
  #cancelled: CancelledCalls | undefined;
  #onDrained: (() => void)[] | undefined;
  /** Messages put aside, deferred calls and phases. */
  #aside: Aside | undefined;
  #stepNext = false;
  #processed: number;

  /** `processed`: messages that the actor took before. */
  constructor(owner: TurnOwner, host: CellHost, processed = 0) {
    this.#processed = processed;
    this.#owner = owner;
    this.#host = host;
    this.hand = new Hand(owner);
  }

  get mailboxSize(): number {
    return this.#mailbox?.size ?? 0;
  }
  /** Streams that it produces. */
  get streams(): number {
    return this.#producers?.size ?? 0;
  }
  /** Messages that wait, in the mailbox or aside. */
  get waiting(): number {
    return this.mailboxSize + (this.#aside?.size ?? 0);
  }
  /** Made on first use. */
  get aside(): Aside {
    return (this.#aside ??= new Aside(this.#owner, this.#host, this.hand));
  }
  /** What the actor has before it: waiting messages, the one in hand, and streams that are not at their end. */
  get load(): number {
    return this.waiting + (this.hand.busy ? 1 : 0) + (this.#producers?.size ?? 0);
  }
  get processed(): number {
    return this.#processed;
  }
  /** Whether nothing is here that would be missed: no mail, no handler at work, nothing put aside, nobody who waits. */
  get idle(): boolean {
    if (this.mailboxSize > 0 || (this.#infos?.size ?? 0) > 0 || (this.#producers?.size ?? 0) > 0) return false;
    return (this.#aside ?? this.#cancelled ?? this.#onDrained) === undefined && this.hand.empty;
  }
  /** Whether a turn would do anything. */
  get ready(): boolean {
    if (!this.#owner.running || this.hand.busy) return false;
    if (this.mailboxSize > 0 || (this.#infos?.size ?? 0) > 0) return true;
    return this.#producers?.hasReady === true || this.#aside?.ready === true;
  }

  /** Messages until senders have to wait; undefined when they have to now. */
  get room(): number | undefined {
    return this.mailboxHere().room;
  }

  /** Takes a cast or call into the mailbox; `onCredit` when it came from another executor. */
  accept(envelope: Cast | Call, onCredit: boolean): CastOutcome {
    if (envelope.kind === 'cast') return this.put(envelope, envelope, onCredit);
    return this.acceptCall(envelope, onCredit, this.#host.clock.now() + envelope.timeoutMs);
  }

  /** Takes a call whose deadline on the clock of this executor is known. */
  acceptCall(envelope: Call, onCredit: boolean, deadlineMs: number): CastOutcome {
    const cycle = cycleOf(envelope, this.#owner.address);
    if (cycle === undefined) return this.put({ envelope, deadlineMs }, envelope, onCredit);
    this.fail(envelope, cycle);
    return 'accepted';
  }

  private put(letter: Letter, envelope: Cast | Call, onCredit: boolean): CastOutcome {
    const mailbox = this.#mailbox ?? this.mailboxHere();
    const rule = this.#owner.definition.mailbox?.priority;
    const priority = rule === undefined ? envelope.priority : ruledPriority(rule, envelope.name, envelope.message);
    const outcome = mailbox.push(letter, priority, onCredit);
    if (!outcome.accepted) {
      refuse(this.#host, this.#owner, envelope, 'mailbox-full', outcome.notify);
      return 'refused';
    }
    if (outcome.displaced !== undefined) refuse(this.#host, this.#owner, envelopeOf(outcome.displaced), 'displaced');
    this.#owner.wake();
    return mailbox.congested ? 'wait' : 'accepted';
  }

  private mailboxHere(): Mailbox<Letter> {
    return (this.#mailbox ??= new Mailbox<Letter>(this.#host.mailboxOf(this.#owner.definition)));
  }

  /** Queues an info; it runs before waiting messages. */
  inform(info: Info): void {
    if ((this.#infos ??= new Infos()).add(info)) this.#owner.wake();
  }

  /** An info of that timer that waits is not given any more. */
  forgetTimer(key: string): void {
    this.#infos?.forgetTimer(key);
  }

  /** No `exit-signal` of a link to that peer is given any more. */
  forgetExits(peer: ActorAddress): void {
    this.#infos?.forgetExits(peer);
  }

  cancelCall(from: ActorAddress, id: number): void {
    const key = callKey(from, id);
    if (this.#producers?.drop(key) !== undefined || this.#aside?.cancel(from, id) === true) return;
    if (this.hand.busy && this.hand.current.key === key) this.hand.current.cancel();
    else if (this.#mailbox !== undefined && this.#mailbox.size > 0)
      (this.#cancelled ??= new CancelledCalls()).mark(key, this.#mailbox, this.#mailbox.size);
  }

  grantCredit(from: ActorAddress, id: number, count: number): void {
    this.#producers?.grant(callKey(from, id), count);
    this.#owner.wake();
  }

  /** Resolves once a mailbox that was above its high-water mark is down at its low-water mark, or the actor ends. */
  drained(): Promise<void> {
    if (this.#mailbox?.congested !== true) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained ??= []).push(resolve));
  }

  /** Ends what callers on a dead executor or node still wait for. */
  dropCallers(gone: IsGone): void {
    this.#producers?.dropAll(({ from, id }) => gone(from, id));
    this.#aside?.dropCallers(gone);
    if (!this.hand.busy || this.hand.current.key === '') return;
    const { from, id } = callerOf(this.hand.current.key);
    if (gone(from, id)) this.hand.current.cancel();
  }

  /** Ends this life: whoever waits for the message in hand or for a stream gets `error`; the mailbox is kept. */
  abandon(error: SkepError): void {
    this.hand.abandon(error);
    this.abandonStreams(error);
    this.#infos = undefined;
    this.#aside?.revert();
  }

  /** Ends all streams that the actor produces, and the calls that it deferred. */
  abandonStreams(error: SkepError): void {
    this.#aside?.failDeferred(error);
    if (this.#producers === undefined) return;
    const wire = toWireError(error);
    for (const { from, id } of this.#producers.dropAll()) {
      this.#host.deliver({ kind: 'fail', to: from, id, error: wire });
    }
  }

  /** A phased actor comes into its first phase, which enters it from itself. */
  enterFirst(): void {
    const { definition, state } = this.#owner;
    if (definition.phases === undefined) return;
    const first = phaseSpec(definition, phaseOf(state));
    if (first?.enter !== undefined || first?.timeoutMs !== undefined) this.aside.phases.enter(phaseOf(state), []);
  }

  cancelTimeouts(): void {
    this.#aside?.cancelTimeouts();
  }

  /** Refuses everything that waits; for the end of the actor. */
  refuseAll(): void {
    if (this.waiting > 0) {
      const aside = this.#aside?.drain() ?? [];
      for (const letter of [...aside, ...(this.#mailbox?.drain() ?? [])])
        refuse(this.#host, this.#owner, envelopeOf(letter), 'stopped');
    }
    this.#cancelled = undefined;
    this.tellDrained();
  }

  /** Runs up to `budget` messages and gives how many it were; the executor asks `ready` whether more wait. */
  run(budget: number): number {
    let left = budget;
    for (; left > 0 && this.#owner.running && !this.hand.busy; left -= 1) {
      if (this.#aside?.ready === true) {
        this.fromAside(this.#aside);
        continue;
      }
      const info = this.#infos?.shift();
      if (info !== undefined) this.takeInfo(info);
      else if (!this.userTurn()) break;
    }
    return budget - left;
  }

  private takeInfo(info: Info): void {
    const due = info.type === 'timer' ? info.dueMs : undefined;
    if (this.#infos?.holds(info) !== true) return;
    if (info.type === 'down' && !this.#owner.watch.fired(info.address)) return;
    const { definition, context, journal } = this.#owner;
    this.#aside?.event();
    this.#host.meter.message = info.type;
    const handler = infoHandler(definition, this.#owner.state);
    const handle = (): unknown => handler?.(this.#owner.state, info, context);
    const body =
      info.type === 'timer' && due !== undefined ? (): unknown => journal?.fire(info.key, due, handle) : handle;
    const current = new Current(this.#host.clock);
    current.about = 'info';
    this.#host.meter.current = false;
    this.hand.take({ current, body });
  }

  /** One stream step or one letter, in turn when both wait; false when nothing waits. */
  private userTurn(): boolean {
    const step = this.#stepNext || this.mailboxSize === 0 ? this.#producers?.take() : undefined;
    this.#stepNext = !this.#stepNext;
    if (step !== undefined && this.#producers !== undefined) {
      this.#host.meter.message = 'stream step';
      this.#host.meter.current = false;
      const work = stepOf(step, this.#producers, this.#host);
      if (step.interleaved) this.hand.takeBeside(work);
      else this.hand.take(work);
      return true;
    }
    const letter = this.#mailbox?.shift();
    if (letter === undefined) return this.#producers?.hasReady === true;
    this.takeLetter(letter);
    if (this.#cancelled !== undefined && this.mailboxSize === 0) this.#cancelled = undefined;
    if (this.#onDrained !== undefined && this.#mailbox?.congested !== true) this.tellDrained();
    return true;
  }

  private fromAside(aside: Aside): void {
    const next = aside.take();
    if (next === undefined) return;
    this.#host.meter.current = false;
    if ('body' in next) this.hand.take(next);
    else this.takeLetter(next);
  }

  private takeLetter(letter: Letter): void {
    this.#processed += 1;
    this.#aside?.event();
    if ('deadlineMs' in letter) this.takeCall(letter);
    else this.takeCast(letter);
    this.#host.meter.current = false;
  }

  private tellDrained(): void {
    const waiting = this.#onDrained;
    this.#onDrained = undefined;
    for (const done of waiting ?? []) done();
  }

  private takeCast(envelope: Cast): void {
    const { definition } = this.#owner;
    const { name, receipt } = envelope;
    const handler = castHandlers.get(definition, name);
    const { phases } = definition;
    if (handler === undefined || (phases !== undefined && !handles(definition, 'casts', name, this.#owner.state))) {
      this.noHandler(envelope);
      return;
    }
    this.#host.meter.message = name;
    const { spans } = this.#host;
    if (spans === undefined && receipt === undefined) {
      this.hand.takeLetter(envelope, envelope.message, handler, this.#owner, this);
      return;
    }
    const current = Current.of(envelope, this.#host.clock, spans?.turn(this.#owner, envelope));
    const body = (): unknown => handler(this.#owner.state, envelope.message, this.#owner.context);
    if (receipt === undefined) {
      this.hand.take({ current, body });
      return;
    }
    receipt.taken();
    this.hand.take({ current, body, onValue: () => receipt.handled() });
  }

  /** A message of a topic waits in the mailbox like any other and is handled as an info. */
  private noHandler(envelope: Cast): void {
    const { definition } = this.#owner;
    const info = envelope.name === TOPIC_CAST ? topicInfo(envelope.message, envelope.from) : undefined;
    const handler = infoHandler(definition, this.#owner.state);
    if (info === undefined || handler === undefined) {
      this.#host.deadLetter('no-such-handler', envelope);
      envelope.receipt?.handled();
      return;
    }
    this.hand.takeLetter(envelope, info, handler, this.#owner, this);
  }

  private takeCall(letter: ReceivedCall): void {
    const { envelope, deadlineMs } = letter;
    const { definition } = this.#owner;
    const { from, id, name } = envelope;
    if (this.#cancelled?.takes(callKey(from, id)) === true) return;
    if (deadlineMs !== Number.POSITIVE_INFINITY) {
      const { meter } = this.#host;
      const nowMs = meter.current ? meter.nowMs : this.#host.clock.now();
      meter.waited(nowMs - (deadlineMs - envelope.timeoutMs));
      if (nowMs > deadlineMs) {
        this.#host.deadLetter('expired', envelope);
        return;
      }
    }
    const handler = callHandlers.get(definition, name);
    const failure = callFailure(definition, envelope, handler, this.#owner.state);
    if (handler === undefined || failure !== undefined) {
      if (failure !== undefined) this.fail(envelope, failure);
      return;
    }
    this.#host.meter.message = name;
    const { spans } = this.#host;
    const streams = definition.streams.size > 0 && definition.streams.has(name);
    if (spans === undefined && !streams) {
      this.hand.takeLetter(letter, envelope.message, handler, this.#owner, this);
      return;
    }
    const current = Current.of(letter, this.#host.clock, spans?.turn(this.#owner, envelope));
    const end = this.endOf(letter, current);
    const body = (): unknown => handler(this.#owner.state, envelope.message, this.#owner.context);
    if (!streams) {
      this.hand.take({ ...end, body });
      return;
    }
    // The steps of a stream are no message that could be put aside.
    current.about = undefined;
    try {
      const iterator = body() as Producer['iterator'];
      const { key } = current;
      const interleaved = definition.interleaved?.includes(name) === true;
      const { credit } = envelope;
      (this.#producers ??= new Producers()).add({ key, from, id, iterator, current, credit, interleaved });
    } catch (thrown) {
      // A generator reads its parameters when it is made: a message that it cannot take apart throws here.
      this.hand.threw(thrown, end);
    }
  }

  /** What happens when the handler of a letter is done. */
  endOf(letter: Letter, current: Current): WorkEnd {
    if (!('deadlineMs' in letter)) return { current };
    const { envelope } = letter;
    return {
      current,
      onValue: (value) => {
        if (current.after?.silent !== true) this.reply(envelope, value);
      },
      onError: (error) => this.fail(envelope, error),
    };
  }

  reply({ from, id }: Call, value: unknown): void {
    this.#host.reply(from, id, value);
  }

  private fail(envelope: Call, error: SkepError): void {
    this.#host.deliver({ kind: 'fail', to: envelope.from, id: envelope.id, error: toWireError(error) });
  }
}
