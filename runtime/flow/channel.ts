/**
 * A channel: what one executor sends to one actor on another executor or node. Casts and calls use credit and stay in
 * order; what is beyond the credit waits here, so that mail for the neighbours of a slow actor is not held up.
 *
 *     open:     credit left, nothing waits                -> messages pass
 *     blocked:  no credit; demands are repeated after     -> messages wait, up to a bound
 *               each silence, for either may be lost
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SenderCredit } from '#protocols/flow/sender';
import type { Clock, Timer } from '../clock/clock.js';
import { copyMessage } from '../codec/copy.js';
import { PriorityQueue } from '../mailbox/priority-queue.js';
import type { CastOutcome } from './outcome.js';

/** What uses credit. */
export type UserMessage = Extract<Envelope, { kind: 'cast' | 'call' }>;

/** Why a message that waited here is not sent. */
export type UnsentReason = 'mailbox-full' | 'stopped' | 'expired' | 'lost';

/** What a channel needs of its executor. */
export interface ChannelHost {
  readonly address: ActorAddress;
  readonly clock: Clock;
  /** Messages that may wait in one channel. */
  readonly maxWaiting: number;
  /** Puts an envelope on its way. `accepted` and `wait` tell of the way; `refused`: there is none, and that was told. */
  transmit(envelope: Envelope): CastOutcome;
  /** Makes a dead letter of a message and fails its call, where one waits. */
  unsent(envelope: UserMessage, reason: UnsentReason): void;
}

interface Waiting {
  /** Undefined once its call was cancelled. */
  envelope: UserMessage | undefined;
  /** When a call's deadline passes, on the clock of this executor. */
  readonly untilMs: number;
}

/** Milliseconds of silence after which a blocked channel asks again; doubled each time up to the limit. */
export const PROBE_MS = 250;
export const MAX_PROBE_MS = 2_000;

/** The sending end towards one actor. */
export class Channel {
  readonly #to: ActorAddress;
  readonly #host: ChannelHost;
  readonly #credit: SenderCredit;
  #queue: PriorityQueue<Waiting> | undefined;
  /** Calls that wait, by id: a cancel has to find them. */
  #calls: Map<number, Waiting> | undefined;
  /** Entries of the queue whose calls were cancelled. */
  #dead = 0;
  #onOpen: (() => void)[] = [];
  #probe: Timer | undefined;
  #probeMs = PROBE_MS;
  /** What had been sent when the table asked whether this channel is still needed. */
  #retiringAt = -1;

  /** `sent` messages were sent before there was a channel. */
  constructor(to: ActorAddress, epoch: number, sent: number, host: ChannelHost) {
    this.#to = to;
    this.#host = host;
    this.#credit = new SenderCredit(epoch, sent);
  }

  /** Messages that wait for credit. */
  get waiting(): number {
    return (this.#queue?.size ?? 0) - this.#dead;
  }

  /** Whether senders should wait. */
  get blocked(): boolean {
    return this.waiting > 0 || this.#credit.left === 0;
  }

  /** Whether nobody would miss it. */
  get idle(): boolean {
    return this.waiting === 0 && this.#onOpen.length === 0;
  }

  /** Sends a message or lets it wait; refuses it when too many wait. */
  offer(envelope: UserMessage): CastOutcome {
    if (this.#queue === undefined && this.#credit.spend()) {
      const outcome = this.#host.transmit(envelope);
      if (this.#credit.wantsMore) this.#demand();
      return outcome === 'accepted' && this.#credit.left === 0 ? 'wait' : outcome;
    }
    if (this.waiting >= this.#host.maxWaiting) {
      this.#host.unsent(envelope, 'mailbox-full');
      return 'refused';
    }
    this.#enqueue(envelope);
    this.#watch();
    return 'wait';
  }

  /** Takes a grant; what waits leaves as far as it reaches. True when the table may forget this channel. */
  granted(epoch: number, limit: number): boolean {
    if (!this.#credit.grant(epoch, limit)) return false;
    this.#probeMs = PROBE_MS;
    this.#stopProbe();
    this.#sendWaiting();
    if (this.#credit.wantsMore) this.#demand();
    if (!this.blocked) this.#tellOpen();
    else if (!this.idle) this.#watch();
    return this.idle && this.#credit.sent === this.#retiringAt;
  }

  /** Whether this epoch is that of the channel. */
  isEpoch(epoch: number): boolean {
    return epoch === this.#credit.epoch;
  }

  /** Forgets a call that waits; false when none of that id does. */
  cancel(id: number): boolean {
    const entry = this.#calls?.get(id);
    if (entry === undefined) return false;
    this.#calls?.delete(id);
    entry.envelope = undefined;
    this.#dead += 1;
    if (this.#dead * 2 > (this.#queue?.size ?? 0)) this.#sweep();
    return true;
  }

  /** Resolves once there is credit and nothing waits, or the channel ends. */
  drained(): Promise<void> {
    if (!this.blocked) return Promise.resolve();
    this.#watch();
    return new Promise((resolve) => this.#onOpen.push(resolve));
  }

  /** Asks for an answer that shows that the receiver is not behind; then the channel can be forgotten. */
  retire(): void {
    this.#retiringAt = this.#credit.sent;
    this.#demand();
  }

  /** Ends the channel: what waits is not sent. */
  end(reason: 'stopped' | 'lost'): void {
    this.#stopProbe();
    const waiting = this.#queue?.drain() ?? [];
    this.#queue = undefined;
    this.#calls = undefined;
    this.#dead = 0;
    for (const { envelope } of waiting) if (envelope !== undefined) this.#host.unsent(envelope, reason);
    this.#tellOpen();
  }

  #enqueue(envelope: UserMessage): void {
    const call = envelope.kind === 'call';
    const copy = { ...envelope, message: copyMessage(envelope.message) };
    const entry = {
      envelope: copy,
      untilMs: call ? this.#host.clock.now() + envelope.timeoutMs : Number.POSITIVE_INFINITY,
    };
    (this.#queue ??= new PriorityQueue()).push(entry, envelope.priority);
    if (call) (this.#calls ??= new Map()).set(envelope.id, entry);
  }

  #sendWaiting(): void {
    const nowMs = this.#host.clock.now();
    while (this.#queue !== undefined && this.#credit.left > 0) {
      const entry = this.#queue.shift();
      if (entry === undefined) this.#queue = undefined;
      else if (entry.envelope === undefined) this.#dead -= 1;
      else this.#sendEntry(entry.envelope, entry.untilMs - nowMs);
    }
    if (this.#queue?.size === 0) this.#queue = undefined;
  }

  #sendEntry(envelope: UserMessage, leftMs: number): void {
    if (envelope.kind === 'call') {
      this.#calls?.delete(envelope.id);
      if (leftMs < 0) {
        this.#host.unsent(envelope, 'expired');
        return;
      }
    }
    this.#credit.spend();
    this.#host.transmit(envelope.kind === 'call' ? { ...envelope, timeoutMs: leftMs } : envelope);
  }

  /** Takes cancelled calls out of the queue. */
  #sweep(): void {
    const kept = (this.#queue?.drain() ?? []).filter(({ envelope }) => envelope !== undefined);
    this.#dead = 0;
    if (kept.length === 0) this.#queue = undefined;
    for (const entry of kept) this.#queue?.push(entry, entry.envelope?.priority);
  }

  #demand(): void {
    const { address: from } = this.#host;
    const sent = this.#credit.demand();
    this.#host.transmit({ kind: 'demand', to: this.#to, from, epoch: this.#credit.epoch, sent });
  }

  /** While somebody waits for credit a silence is broken: the demand or its answer may be lost. */
  #watch(): void {
    if (this.#probe !== undefined) return;
    this.#probe = this.#host.clock.after(this.#probeMs, () => {
      this.#probe = undefined;
      if (this.idle) return;
      this.#probeMs = Math.min(this.#probeMs * 2, MAX_PROBE_MS);
      this.#demand();
      this.#watch();
    });
  }

  #stopProbe(): void {
    this.#probe?.cancel();
    this.#probe = undefined;
  }

  #tellOpen(): void {
    const waiting = this.#onOpen;
    this.#onOpen = [];
    for (const done of waiting) done();
  }
}
