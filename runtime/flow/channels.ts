/**
 * The channels of one executor, by receiver. Most actors elsewhere get few messages, and of those there is only a count;
 * one that gets more than half of a first window has a channel. When there are many channels those that are idle are
 * forgotten, but only after their receivers have said that they are not behind: a new one begins with new credit.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import type { CastOutcome } from './outcome.js';
import { DEMAND_FIRST_AT } from '#protocols/flow/window';
import { Channel, type ChannelHost, type UserMessage } from './channel.js';

/** Channels above which idle ones are asked to go, and after how many more they are asked again. */
const MAX_IDLE_CHANNELS = 1_024;
/** Above this idle ones go without an answer: their receivers are on nodes that do not answer at all. */
const MAX_CHANNELS = 65_536;
/** Receivers of few messages in one generation of counts; those that got none during two generations begin anew. */
const MAX_COUNTS = 16_384;

/** What an inspection shows of the sending side. */
export interface ChannelReport {
  readonly channels: number;
  /** Messages that wait for credit. */
  readonly waiting: number;
}

export class Channels {
  readonly #host: ChannelHost;
  readonly #byReceiver = new Map<ActorAddress, Channel>();
  /** Messages sent to those without a channel, lately and in the generation before. */
  #counts = new Map<ActorAddress, number>();
  #countsBefore = new Map<ActorAddress, number>();
  #nextEpoch: number;
  #sweepAt = MAX_IDLE_CHANNELS;

  /** `firstEpoch` is above every epoch of the executor's life before, whose address was the same. */
  constructor(host: ChannelHost, firstEpoch: number) {
    this.#host = host;
    this.#nextEpoch = firstEpoch;
  }

  /** Sends a message, in its channel where it has one. */
  offer(envelope: UserMessage): CastOutcome {
    const { to } = envelope;
    const channel = this.#byReceiver.get(to);
    if (channel !== undefined) return channel.offer(envelope);
    const sent = this.#counts.get(to) ?? this.#countsBefore.get(to) ?? 0;
    if (sent + 1 >= DEMAND_FIRST_AT) return this.#open(to, sent).offer(envelope);
    this.#counts.set(to, sent + 1);
    if (this.#counts.size >= MAX_COUNTS) {
      this.#countsBefore = this.#counts;
      this.#counts = new Map();
    }
    return this.#host.transmit(envelope);
  }

  /** Takes what a receiver says; what is for a channel that is gone, or was never there, is not heard. */
  hear(envelope: Extract<Envelope, { kind: 'grant' | 'closed' }>): void {
    const { from: receiver, epoch } = envelope;
    const channel = this.#byReceiver.get(receiver);
    if (channel?.isEpoch(epoch) !== true) return;
    if (envelope.kind === 'closed') this.#end(receiver, channel, 'stopped');
    else if (channel.granted(epoch, envelope.limit)) this.#byReceiver.delete(receiver);
  }

  /** Forgets a call that still waits for credit; false when it is on its way, or was never here. */
  cancel(receiver: ActorAddress, id: number): boolean {
    return this.#byReceiver.get(receiver)?.cancel(id) === true;
  }

  /** Resolves once senders to that actor need not wait. */
  drained(receiver: ActorAddress): Promise<void> {
    return this.#byReceiver.get(receiver)?.drained() ?? Promise.resolve();
  }

  /** Receivers that are gone: what waits for them is lost. */
  endWhere(gone: (receiver: ActorAddress) => boolean): void {
    for (const [receiver, channel] of this.#byReceiver) if (gone(receiver)) this.#end(receiver, channel, 'lost');
  }

  report(): ChannelReport {
    let waiting = 0;
    for (const channel of this.#byReceiver.values()) waiting += channel.waiting;
    return { channels: this.#byReceiver.size, waiting };
  }

  #open(receiver: ActorAddress, sent: number): Channel {
    this.#counts.delete(receiver);
    this.#countsBefore.delete(receiver);
    if (this.#byReceiver.size >= this.#sweepAt) this.#sweep();
    const channel = new Channel(receiver, this.#nextEpoch, sent, this.#host);
    this.#nextEpoch += 1;
    this.#byReceiver.set(receiver, channel);
    return channel;
  }

  #end(receiver: ActorAddress, channel: Channel, reason: 'stopped' | 'lost'): void {
    this.#byReceiver.delete(receiver);
    channel.end(reason);
  }

  #sweep(): void {
    for (const [receiver, channel] of this.#byReceiver) {
      if (!channel.idle) continue;
      if (this.#byReceiver.size >= MAX_CHANNELS) this.#byReceiver.delete(receiver);
      else channel.retire();
    }
    this.#sweepAt = this.#byReceiver.size + MAX_IDLE_CHANNELS;
  }
}
