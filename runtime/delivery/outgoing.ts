/**
 * The sending half of reliable delivery on an executor: one session for each pair of a sender here and a receiver
 * anywhere. A session outlives a restart of its sender, and even its end: what was accepted is delivered all the same.
 */
import { newProducer, type ProducerEffect, type ProducerState, stepProducer } from '#protocols/delivery/producer';
import { type ActorAddress, addressParts, executorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { unreachable } from '#protocols/wire/error';
import type { Clock, Timer } from '../clock/clock.js';
import { assertPlain } from '../codec/msgpack.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { ReliableSettings } from './options.js';
import type { AckMessage, Payload } from './wire.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;

/** What both halves need of their executor. */
export interface DeliveryHost {
  readonly node: string;
  readonly id: number;
  readonly clock: Clock;
  deliver(envelope: Envelope): boolean;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
}

interface Session {
  readonly from: ActorAddress;
  readonly to: ActorAddress;
  readonly producer: ProducerState<Payload>;
  timer: Timer | undefined;
  /** Senders that wait for room. */
  waiting: (() => void)[];
  /** Who waits for everything to be handled. */
  settled: (() => void)[];
  /** The sender has ended: the session ends with its last message. */
  orphaned: boolean;
}

export class Outgoing {
  readonly #host: DeliveryHost;
  readonly #nextEpoch: () => number;
  /** Sessions by sender, then receiver. */
  readonly #sessions = new Map<ActorAddress, Map<ActorAddress, Session>>();

  /** `nextEpoch` gives a number above those of this executor's lives before. */
  constructor(host: DeliveryHost, nextEpoch: () => number) {
    this.#host = host;
    this.#nextEpoch = nextEpoch;
  }

  /** Accepts a message, or refuses it as a dead letter. */
  offer(from: ActorAddress, to: ActorAddress, payload: Payload, settings: ReliableSettings): CastOutcome {
    const envelope: Cast = { kind: 'cast', to, from, ...payload };
    try {
      // What cannot be sent would be sent again for ever.
      assertPlain(payload.message);
    } catch {
      this.#host.deadLetter('unencodable', envelope);
      return 'refused';
    }
    const session = this.#session(from, to, settings);
    const { effects } = stepProducer(session.producer, { type: 'offer', payload });
    this.#carryOut(session, effects);
    if (effects.some(({ type }) => type === 'refuse')) return 'refused';
    return isFull(session) ? 'wait' : 'accepted';
  }

  /** Resolves once a sender need not wait. */
  drained(from: ActorAddress, to: ActorAddress): Promise<void> {
    const session = this.#sessions.get(from)?.get(to);
    if (session === undefined || !isFull(session)) return Promise.resolve();
    return new Promise((resolve) => session.waiting.push(resolve));
  }

  /** Takes an acknowledgement of a receiver. */
  acknowledged(from: ActorAddress, message: AckMessage): void {
    const session = this.#sessions.get(message.to)?.get(from);
    if (session === undefined) return;
    this.#carryOut(session, stepProducer(session.producer, { type: 'ack', ack: message.ack }).effects);
    if (!isFull(session)) for (const resolve of session.waiting.splice(0)) resolve();
    if (session.producer.pending.length > 0) return;
    for (const resolve of session.settled.splice(0)) resolve();
    if (session.orphaned) this.#close(session);
  }

  /** Resolves once nothing waits for a receiver any more. */
  async settled(to: ActorAddress): Promise<void> {
    const open = this.#all().filter((session) => session.to === to && session.producer.pending.length > 0);
    await Promise.all(open.map((session) => new Promise<void>((resolve) => session.settled.push(resolve))));
  }

  /** A sender ended: its sessions end once everything is handled. */
  senderEnded(from: ActorAddress): void {
    for (const session of [...(this.#sessions.get(from)?.values() ?? [])]) {
      session.orphaned = true;
      if (session.producer.pending.length === 0) this.#close(session);
    }
  }

  /** Receivers that are gone for good: what waits for them is lost, and counted. */
  receiversGone(gone: (address: ActorAddress) => boolean): void {
    for (const session of this.#all()) if (gone(session.to)) this.#lose(session, session.producer.pending, 'lost');
  }

  /** The executor ends. */
  close(): void {
    for (const session of this.#all()) this.#lose(session, session.producer.pending, 'undelivered');
  }

  #all(): readonly Session[] {
    return [...this.#sessions.values()].flatMap((sessions) => [...sessions.values()]);
  }

  #session(from: ActorAddress, to: ActorAddress, settings: ReliableSettings): Session {
    const ofSender = this.#sessions.get(from) ?? new Map<ActorAddress, Session>();
    const present = ofSender.get(to);
    if (present !== undefined) return present;
    const producer = newProducer<Payload>(this.#nextEpoch(), settings);
    const session: Session = { from, to, producer, timer: undefined, waiting: [], settled: [], orphaned: false };
    ofSender.set(to, session);
    this.#sessions.set(from, ofSender);
    return session;
  }

  #carryOut(session: Session, effects: readonly ProducerEffect<Payload>[]): void {
    for (const effect of effects) this.#effect(session, effect);
  }

  #effect(session: Session, effect: ProducerEffect<Payload>): void {
    switch (effect.type) {
      case 'send':
        this.#send(session, effect.packet);
        return;
      case 'refuse':
        this.#host.deadLetter('outbound-full', this.#envelope(session, effect.payload));
        return;
      case 'confirm':
      case 'persist':
      case 'forget':
        return;
      case 'arm':
        session.timer?.cancel();
        session.timer = this.#host.clock.after(effect.delayMs, () => {
          this.#carryOut(session, stepProducer(session.producer, { type: 'timeout' }).effects);
        });
        return;
      case 'disarm':
        session.timer?.cancel();
        session.timer = undefined;
        return;
      case 'give-up':
        this.#lose(session, effect.payloads, 'undelivered');
        return;
      default:
        unreachable(effect);
    }
  }

  #send({ from, to }: Session, packet: unknown): void {
    const { node, incarnation, executor } = addressParts(to);
    const message = { to, packet };
    this.#host.deliver({
      kind: 'cast',
      to: executorAddress(node, incarnation, executor),
      from,
      name: 'delivery.data',
      message,
    });
  }

  #close(session: Session): void {
    this.#send(session, { type: 'close', epoch: session.producer.epoch });
    this.#forget(session);
  }

  #lose(session: Session, payloads: readonly Payload[], reason: DeadLetterReason): void {
    for (const payload of payloads) this.#host.deadLetter(reason, this.#envelope(session, payload));
    this.#forget(session);
  }

  #forget(session: Session): void {
    session.timer?.cancel();
    session.timer = undefined;
    const ofSender = this.#sessions.get(session.from);
    ofSender?.delete(session.to);
    if (ofSender?.size === 0) this.#sessions.delete(session.from);
    for (const resolve of [...session.waiting.splice(0), ...session.settled.splice(0)]) resolve();
  }

  #envelope({ from, to }: Session, { name, message }: Payload): Cast {
    return { kind: 'cast', to, from, name, message };
  }
}

function isFull({ producer }: Session): boolean {
  return producer.pending.length > producer.settings.buffer / 2;
}
