/**
 * Reliable delivery on one executor: the sending and the receiving half, and the numbers of their lives. The protocol is
 * in `protocols/delivery/`; this carries it out over casts between executors, the clock and the mailboxes.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { Incoming, type IncomingHost } from './incoming.js';
import { type DurableHost, DurableOutgoing } from './durable-outgoing.js';
import { Outgoing } from './outgoing.js';
import { readAck } from './wire.js';

export class Deliveries {
  readonly outgoing: Outgoing;
  readonly durable: DurableOutgoing;
  readonly #incoming: Incoming;

  /** `firstNumber` is above every number of the executor's lives before. */
  constructor(host: IncomingHost & DurableHost, firstNumber: number) {
    let last = firstNumber;
    const next = (): number => (last += 1);
    this.outgoing = new Outgoing(host, next);
    this.durable = new DurableOutgoing(host);
    this.#incoming = new Incoming(host, next);
  }

  /** Takes a packet; false when the cast is something else, or malformed. */
  cast(envelope: Extract<Envelope, { kind: 'cast' }>): boolean {
    if (envelope.name === 'delivery.data') return this.#incoming.received(envelope);
    return envelope.name === 'delivery.ack' && this.#acknowledged(envelope);
  }

  /** Resolves once nothing that was sent from here waits for a receiver any more. */
  async settled(to: ActorAddress): Promise<void> {
    await Promise.all([this.outgoing.settled(to), this.durable.settled(to)]);
  }

  /** A life of an actor here ended; `final` when there will be no other. */
  lifeEnded(address: ActorAddress, final: boolean): void {
    if (!final) {
      this.#incoming.lifeEnded(address);
      return;
    }
    this.#incoming.receiverEnded(address);
    this.outgoing.senderEnded(address);
    this.durable.senderEnded(address);
  }

  /** Addresses that are gone for good. */
  lost(gone: (address: ActorAddress) => boolean): void {
    this.outgoing.receiversGone(gone);
    this.durable.receiversGone(gone);
    this.#incoming.sendersGone(gone);
  }

  close(): void {
    this.outgoing.close();
    this.durable.close();
    this.#incoming.close();
  }

  /** Takes an acknowledgement; false when it is malformed. One for a session that is over is of no use to anyone. */
  #acknowledged(envelope: Extract<Envelope, { kind: 'cast' }>): boolean {
    const message = readAck(envelope.message);
    if (message === undefined) return false;
    const { session } = message;
    if (session === undefined) this.outgoing.acknowledged(envelope.from, message);
    else this.durable.acknowledged(envelope.from, { ...message, session });
    return true;
  }
}
