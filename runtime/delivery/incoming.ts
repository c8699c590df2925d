/**
 * The receiving half of reliable delivery on an executor: one session for each pair of a receiver here and a sender
 * anywhere. A session lives with its receiver, through restarts: the message that was in hand when its handler crashed is
 * put into the mailbox again, before any later one of its sender. It ends with the receiver, and with its thread.
 *
 * The session of a durable sender has a name, because that sender may go on from another address, after whatever time:
 * it is kept as long as its receiver lives, and its acknowledgements go where its newest packet came from.
 */
import {
  type ConsumerEffect,
  type ConsumerInput,
  type ConsumerSettings,
  type ConsumerState,
  newConsumer,
  stepConsumer,
} from '#protocols/delivery/consumer';
import { type ActorAddress, addressParts, executorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { unreachable } from '#protocols/wire/error';
import type { Timer } from '../clock/clock.js';
import type { DeliveryHost } from './outgoing.js';
import type { Receipt } from './receipt.js';
import { type Payload, readData } from './wire.js';

type Cast = Extract<Envelope, { kind: 'cast' }>;

/** An actor that receives. */
export interface Receiver {
  readonly address: ActorAddress;
  readonly settings: ConsumerSettings;
  /** Puts a message into the mailbox, or tells its receipt that it did not. */
  accept(envelope: Cast & { readonly receipt: Receipt }): void;
}

/** What the incoming half needs of its executor. */
export interface IncomingHost extends DeliveryHost {
  readonly incarnation: string;
  /** The living actor of a serial. */
  receiver(serial: number): Receiver | undefined;
}

interface Session {
  readonly receiver: Receiver;
  /** Among the sessions of its receiver. */
  readonly key: string;
  /** Of a durable sender. */
  readonly name: string | undefined;
  from: ActorAddress;
  /** The receiver as the sender calls it. */
  as: ActorAddress;
  readonly consumer: ConsumerState<Payload>;
  /** The handler of this message is at work. */
  inHand: { readonly epoch: number; readonly seq: number } | undefined;
  retry: Timer | undefined;
  over: boolean;
}

/** Milliseconds before a message is offered again to a mailbox that was full. */
const RETRY_MS = 20;

export class Incoming {
  readonly #host: IncomingHost;
  readonly #nextLife: () => number;
  /** Sessions by receiver, then by sender and the name it has for the receiver. */
  readonly #sessions = new Map<ActorAddress, Map<string, Session>>();

  constructor(host: IncomingHost, nextLife: () => number) {
    this.#host = host;
    this.#nextLife = nextLife;
  }

  /** Takes a packet of a producer; false when it is malformed or its receiver does not live here. */
  received(envelope: Cast): boolean {
    const message = readData(envelope.message);
    if (message === undefined) return false;
    const { to, packet, session: name } = message;
    const { node, incarnation, executor, serial } = addressParts(to);
    if (node !== this.#host.node || executor !== this.#host.id) return false;
    if (incarnation !== '*' && incarnation !== this.#host.incarnation) return false;
    const receiver = this.#host.receiver(serial);
    // It may come back at its address: the sender asks again until it gives up, and what it gives up it counts.
    if (receiver === undefined) return true;
    // No address begins with a mark.
    const key = name === undefined ? `${envelope.from} ${to}` : `!${name}`;
    const ofReceiver = this.#sessions.get(receiver.address) ?? new Map<string, Session>();
    let session = ofReceiver.get(key);
    if (session === undefined) {
      if (packet.type === 'close') return true;
      const consumer = newConsumer<Payload>(this.#nextLife(), receiver.settings);
      const { from } = envelope;
      session = { receiver, key, name, from, as: to, consumer, inHand: undefined, retry: undefined, over: false };
      ofReceiver.set(key, session);
      this.#sessions.set(receiver.address, ofReceiver);
    }
    session.from = envelope.from;
    session.as = to;
    this.#step(session, { type: 'packet', packet });
    return true;
  }

  /** A life of a receiver ended and another will follow: what its handler had in hand comes again. */
  lifeEnded(address: ActorAddress): void {
    for (const session of [...(this.#sessions.get(address)?.values() ?? [])]) {
      const { inHand } = session;
      session.inHand = undefined;
      if (inHand !== undefined) this.#step(session, { type: 'failed', ...inHand });
    }
  }

  /** A receiver ended for good. */
  receiverEnded(address: ActorAddress): void {
    for (const session of [...(this.#sessions.get(address)?.values() ?? [])]) this.#forget(session);
  }

  /** Senders that are gone for good: what arrived of them is still handled, and nothing more is expected. */
  sendersGone(gone: (address: ActorAddress) => boolean): void {
    for (const sessions of [...this.#sessions.values()]) {
      for (const session of [...sessions.values()])
        if (session.name === undefined && gone(session.from) && session.consumer.delivering === 0)
          this.#forget(session);
    }
  }

  /** The executor ends. */
  close(): void {
    for (const address of [...this.#sessions.keys()]) this.receiverEnded(address);
  }

  #step(session: Session, input: ConsumerInput<Payload>): void {
    for (const effect of stepConsumer(session.consumer, input).effects) this.#effect(session, effect);
  }

  #effect(session: Session, effect: ConsumerEffect<Payload>): void {
    switch (effect.type) {
      case 'deliver':
        this.#deliver(session, effect);
        return;
      case 'ack': {
        const { from, as, name } = session;
        const { node, incarnation, executor } = addressParts(from);
        const ack = { to: from, ack: effect.ack };
        const message = name === undefined ? ack : { ...ack, session: name };
        const to = executorAddress(node, incarnation, executor);
        this.#host.deliver({ kind: 'cast', to, from: as, name: 'delivery.ack', message });
        return;
      }
      case 'park': {
        const { receiver, from } = session;
        this.#host.deadLetter('poison', { kind: 'cast', to: receiver.address, from, ...effect.payload });
        return;
      }
      case 'forget':
        this.#forget(session);
        return;
      default:
        unreachable(effect);
    }
  }

  #deliver(session: Session, effect: Extract<ConsumerEffect<Payload>, { type: 'deliver' }>): void {
    const { epoch, seq, payload } = effect;
    const { receiver, from } = session;
    const receipt: Receipt = {
      taken: () => {
        session.inHand = { epoch, seq };
      },
      handled: () => {
        session.inHand = undefined;
        if (!session.over) this.#step(session, { type: 'handled', epoch, seq });
      },
      refused: (reason) => {
        // An actor that stops has its sessions ended when it has ended.
        if (session.over || reason === 'stopped') return;
        session.retry?.cancel();
        session.retry = this.#host.clock.after(RETRY_MS, () => {
          if (session.consumer.epoch === epoch) this.#deliver(session, effect);
        });
      },
    };
    receiver.accept({ kind: 'cast', to: receiver.address, from, ...payload, receipt });
  }

  #forget(session: Session): void {
    session.over = true;
    session.retry?.cancel();
    const { key } = session;
    const ofReceiver = this.#sessions.get(session.receiver.address);
    if (ofReceiver?.get(key) === session) ofReceiver.delete(key);
    if (ofReceiver?.size === 0) this.#sessions.delete(session.receiver.address);
  }
}
