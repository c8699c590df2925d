/**
 * Flow control of one executor, both ends of it: the channels to actors elsewhere that its actors send to, and the
 * answers to senders elsewhere that its actors give.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import type { SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { UserMessage } from './channel.js';
import { type ChannelReport, Channels } from './channels.js';
import { type DemandEnvelope, Grants, type Receiver } from './grants.js';
import type { CastOutcome } from './outcome.js';
import { unsentError } from './unsent.js';

/** The executor. */
export interface FlowHost {
  readonly address: ActorAddress;
  readonly clock: Clock;
  deliver(envelope: Envelope): boolean;
  deadLetter(reason: DeadLetterReason, envelope: Envelope): void;
  failCall(id: number, error: SkepError): void;
}

/** How it is made. */
export interface FlowOptions {
  /** Messages that may wait for credit in one channel. */
  readonly maxWaiting: number;
  /** Puts an envelope on its way to another executor, past flow control. */
  readonly transmit: (envelope: Envelope) => CastOutcome;
  /** Above every epoch of the executor's life before. */
  readonly firstEpoch: number;
}

/** What an inspection shows of flow control between an executor and the others. */
export interface FlowReport extends ChannelReport {
  /** Demands of senders elsewhere that wait until actors here have caught up. */
  readonly withheld: number;
}

export class FlowControl {
  readonly #channels: Channels;
  readonly #grants: Grants;

  constructor(host: FlowHost, { maxWaiting, transmit, firstEpoch }: FlowOptions) {
    const { address, clock } = host;
    this.#grants = new Grants((envelope) => void host.deliver(envelope));
    const unsent = (envelope: UserMessage, reason: Parameters<typeof unsentError>[1]): void => {
      host.deadLetter(reason, envelope);
      if (envelope.kind === 'call') host.failCall(envelope.id, unsentError(envelope, reason));
    };
    this.#channels = new Channels({ address, clock, maxWaiting, transmit, unsent }, firstEpoch);
  }

  /** Sends a message to an actor elsewhere. */
  offer(envelope: UserMessage): CastOutcome {
    return this.#channels.offer(envelope);
  }

  /** Forgets a call that still waits for credit; false when it is on its way, or was never here. */
  cancel(receiver: ActorAddress, id: number): boolean {
    return this.#channels.cancel(receiver, id);
  }

  /** Takes the answer of an actor elsewhere. */
  hear(envelope: Extract<Envelope, { kind: 'grant' | 'closed' }>): void {
    this.#channels.hear(envelope);
  }

  /** Answers the demand of a sender elsewhere, now or when the actor has room. */
  demand(receiver: Receiver | undefined, envelope: DemandEnvelope): void {
    this.#grants.demand(receiver, envelope);
  }

  /** Resolves once senders to that actor need not wait. */
  drained(receiver: ActorAddress): Promise<void> {
    return this.#channels.drained(receiver);
  }

  /** Receivers that are gone: what waits for them is lost. */
  endWhere(gone: (receiver: ActorAddress) => boolean): void {
    this.#channels.endWhere(gone);
  }

  report(): FlowReport {
    return { ...this.#channels.report(), withheld: this.#grants.withheld };
  }
}
