/**
 * One durable session: the messages of one stored actor to one target, in the store before they are on their way. It
 * goes on through every life of its actor: in the same executor as it is, elsewhere from what is stored.
 *
 *     opening --document and log stored--> open --a write failed, or another has the log--> broken
 *
 * A receiver that is known by its name is looked up again whenever it is silent, and gets everything that is not
 * acknowledged from there on.
 */
import {
  durableProducer,
  type ProducerEffect,
  type ProducerInput,
  type ProducerState,
  stepProducer,
} from '#protocols/delivery/producer';
import { type ActorAddress, addressParts, executorAddress } from '#protocols/wire/address';
import { SkepError, unreachable } from '#protocols/wire/error';
import type { Timer } from '../clock/clock.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { StoreClient } from '../store/client.js';
import type { Durability, Head, StoreWrite } from '../store/store.js';
import type { DeadLetterReason } from '../telemetry/dead-letters.js';
import type { DeliveryHost } from './outgoing.js';
import { documentOf, packFacts, packPayload, type SessionFacts, type StoredMessages } from './stored-session.js';
import type { AckMessage, Payload } from './wire.js';

/** One life of the actor that sends. */
export interface SessionOwner {
  readonly address: ActorAddress;
  /** Its key in the store, and the epoch under which it writes there. */
  readonly key: string;
  readonly epoch: number;
  readonly store: StoreClient;
  readonly durability: Durability;
  /** Holds the actor's replies until the work is done. */
  track<T>(work: Promise<T>): Promise<T>;
  /** The life can not go on: what was stored is not known, or another life has taken over. */
  failed(error: unknown): void;
}

/** What a session needs of its executor. */
export interface SessionHost extends DeliveryHost {
  lookup(name: string, node: string): Promise<ActorAddress | undefined>;
  /** It is of no use any more. */
  over(session: DurableSession): void;
}

/** The id is never used again, so neither is the epoch of the protocol. */
const EPOCH = 1;
/** Timeouts in a row after which a receiver is looked up again. */
const SILENT_TIMEOUTS = 2;

export class DurableSession {
  readonly facts: SessionFacts;
  readonly #host: SessionHost;
  readonly #producer: ProducerState<Payload>;
  #owner: SessionOwner;
  #to: ActorAddress | undefined;
  /** Of the log; undefined while it opens. */
  #epoch: number | undefined;
  #unwritten: Payload[] = [];
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];
  #settled: (() => void)[] = [];
  #finding = false;
  /** No life of the actor is here. */
  #orphaned = false;
  /** Nothing of it is in the store any more. */
  #erased = false;
  #over = false;

  /** `stored`: what a life before has left; without it the session is new. */
  constructor(host: SessionHost, owner: SessionOwner, facts: SessionFacts, stored?: StoredMessages) {
    this.#host = host;
    this.#owner = owner;
    this.facts = facts;
    this.#epoch = stored?.epoch;
    this.#producer = durableProducer<Payload>(EPOCH, facts.settings, stored?.base, stored?.payloads);
    if (facts.target.type === 'address') this.#to = facts.target.address;
    if (stored === undefined) {
      owner.track(this.#open()).catch((error: unknown) => this.#broke(error));
    } else {
      this.#step({ type: 'resume' });
      if (this.pending > 0) this.#find();
    }
  }

  get key(): string {
    return this.#owner.key;
  }
  get sender(): ActorAddress {
    return this.#owner.address;
  }
  /** The receiver, as far as it is known. */
  get receiver(): ActorAddress | undefined {
    return this.#to;
  }
  get pending(): number {
    return this.#producer.pending.length;
  }
  get full(): boolean {
    return this.pending > this.facts.settings.buffer / 2;
  }

  /** Another life of the actor goes on with it. */
  adopt(owner: SessionOwner): void {
    this.#owner = owner;
    this.#orphaned = false;
  }

  /** Accepts a message for a receiver that was last seen at `to`. */
  offer(to: ActorAddress, payload: Payload): CastOutcome {
    const found = this.#to === undefined;
    this.#to ??= to;
    const effects = this.#step({ type: 'offer', payload });
    if (found && this.pending > 1) this.#step({ type: 'resume' });
    // Refused in the first place, or when the store would not take it.
    if (effects.some(({ type }) => type === 'refuse') || this.#producer.pending.at(-1) !== payload) return 'refused';
    return this.full ? 'wait' : 'accepted';
  }

  /** Resolves once a sender need not wait. */
  drained(): Promise<void> {
    return this.full && !this.#over ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** Resolves once nothing waits for the receiver any more. */
  settled(): Promise<void> {
    return this.pending > 0 && !this.#over ? new Promise((resolve) => this.#settled.push(resolve)) : Promise.resolve();
  }

  /** Takes an acknowledgement of the receiver at an address; of where it was before it counts no more. */
  acknowledged(from: ActorAddress, { ack }: AckMessage): void {
    if (from === this.#to) this.#step({ type: 'ack', ack });
  }

  /** The actor ended; what it has sent is delivered all the same. */
  orphan(): void {
    this.#orphaned = true;
    this.#look();
  }

  /** The actor deletes what it has stored. What it has sent is delivered while this executor lives. */
  erase(): void {
    if (this.#epoch !== undefined && !this.#erased)
      this.#background({ type: 'erase', key: this.facts.log, epoch: this.#epoch });
    this.#erased = true;
    this.#orphaned = true;
    this.#look();
  }

  /** The receiver is gone for good from where it was. */
  receiverGone(): void {
    this.#to = undefined;
    if (this.facts.target.type === 'name') return;
    this.#deadLetters('lost', this.#producer.pending.splice(0), this.facts.target.address);
    const { key, epoch, store, durability } = this.#owner;
    const name = documentOf(this.facts.target);
    if (!this.#orphaned) store.write({ type: 'remove', key, epoch, name }, durability).catch(() => {});
    this.erase();
    this.close();
  }

  /** Is still, and leaves what is stored to another. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const resolve of [...this.#waiting.splice(0), ...this.#settled.splice(0)]) resolve();
    this.#host.over(this);
  }

  /** The document is in the store before the log has anything that only the document leads to. */
  async #open(): Promise<void> {
    const { key, epoch } = this.#owner;
    const { log, target } = this.facts;
    const name = documentOf(target);
    // Both in this turn: a life elsewhere that finds the document claims the log after this.
    const claimed = this.#write({ type: 'claim', key: log });
    claimed.catch(() => {});
    await this.#write({ type: 'put', key, epoch, name, bytes: packFacts(this.facts) });
    const head = await claimed;
    this.#epoch = head.epoch;
    if (this.#over) return;
    const payloads = this.#unwritten.splice(0);
    if (this.#erased) {
      this.#step({ type: 'stored', seq: payloads.length });
      return;
    }
    const events = payloads.map(packPayload);
    await this.#write({ type: 'append', key: log, epoch: head.epoch, after: 0, events });
    this.#step({ type: 'stored', seq: events.length });
  }

  #persist(seq: number, payload: Payload): void {
    if (this.#epoch === undefined) {
      this.#unwritten.push(payload);
      return;
    }
    const write = { type: 'append', key: this.facts.log, epoch: this.#epoch, after: seq - 1 } as const;
    let stored: Promise<Head>;
    try {
      stored = this.#write({ ...write, events: [packPayload(payload)] });
    } catch {
      this.#step({ type: 'unstored' });
      return;
    }
    this.#owner.track(stored).then(
      () => this.#step({ type: 'stored', seq }),
      (error: unknown) => this.#broke(error),
    );
  }

  /** @throws SkepError at once when the store takes nothing now. */
  #write(write: StoreWrite): Promise<Head> {
    return this.#owner.store.write(write, this.#owner.durability);
  }

  /** A write that nobody waits for. Where it fails more is sent again later than need be. */
  #background(write: StoreWrite): void {
    try {
      this.#write(write).catch((error: unknown) => {
        if (error instanceof SkepError && error.code === 'STORE_FENCED' && !this.#erased) this.#broke(error);
      });
    } catch {
      // The store has too much to do, or has ended.
    }
  }

  /** What was stored is the next life's; what was not, or may not have been, is counted. */
  #broke(error: unknown): void {
    if (this.#over) return;
    const { base, stored, pending } = this.#producer;
    const unstored = pending.slice(stored - base + 1);
    this.#deadLetters('undelivered', unstored);
    const orphaned = this.#orphaned;
    this.close();
    // What the store would not take is not there; a log that has anything is for the next life to read.
    const refused = error instanceof SkepError && error.code === 'STORE_BUSY' && stored === 0;
    if (!orphaned && !refused) this.#owner.failed(error);
  }

  #step(input: ProducerInput<Payload>): readonly ProducerEffect<Payload>[] {
    if (this.#over) return [];
    const { effects } = stepProducer(this.#producer, input);
    for (const effect of effects) this.#effect(effect);
    return effects;
  }

  #effect(effect: ProducerEffect<Payload>): void {
    switch (effect.type) {
      case 'persist':
        this.#persist(effect.seq, effect.payload);
        return;
      case 'send':
        this.#send(effect.packet);
        return;
      case 'refuse':
        this.#deadLetters('outbound-full', [effect.payload]);
        return;
      case 'arm':
        this.#timer?.cancel();
        this.#timer = this.#host.clock.after(effect.delayMs, () => this.#timedOut());
        return;
      case 'disarm':
        this.#timer?.cancel();
        this.#timer = undefined;
        return;
      case 'confirm':
        this.#look();
        return;
      case 'give-up':
        this.#deadLetters('undelivered', effect.payloads);
        this.#look();
        return;
      case 'forget':
        this.#forget(effect.seq);
        return;
      default:
        unreachable(effect);
    }
  }

  #forget(seq: number): void {
    const { log: key } = this.facts;
    if (this.#epoch !== undefined && !this.#erased)
      this.#background({ type: 'snapshot', key, epoch: this.#epoch, seq, bytes: new Uint8Array(0), keepFrom: seq + 1 });
    this.#look();
  }

  #timedOut(): void {
    this.#timer = undefined;
    this.#step({ type: 'timeout' });
    if (this.#to === undefined || this.#producer.timeouts >= SILENT_TIMEOUTS) this.#find();
  }

  /** Looks the receiver up; a node that is away is asked again after the next timeout. */
  #find(): void {
    const { target } = this.facts;
    if (target.type !== 'name' || this.#finding || this.#over) return;
    this.#finding = true;
    this.#host
      .lookup(target.name, target.node)
      .catch(() => undefined)
      .then((address) => {
        this.#finding = false;
        if (address === undefined || address === this.#to) return;
        this.#to = address;
        this.#step({ type: 'resume' });
      })
      .catch((error: unknown) => this.#broke(error));
  }

  /** Tells who waits what there is to tell; a session without an actor or messages is over. */
  #look(): void {
    if (!this.full) for (const resolve of this.#waiting.splice(0)) resolve();
    if (this.pending > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
    const { base, forgotten } = this.#producer;
    if (this.#orphaned && (this.#erased || forgotten === base - 1)) this.close();
  }

  #send(packet: unknown): void {
    const to = this.#to;
    if (to === undefined) return;
    const { node, incarnation, executor } = addressParts(to);
    this.#host.deliver({
      kind: 'cast',
      to: executorAddress(node, incarnation, executor),
      from: this.#owner.address,
      name: 'delivery.data',
      message: { to, session: this.facts.id, packet },
    });
  }

  #deadLetters(reason: DeadLetterReason, payloads: readonly Payload[], at = this.#to): void {
    // Where its receiver is not known the letter names the sender, who is all that there is.
    const from = this.#owner.address;
    for (const { name, message } of payloads)
      this.#host.deadLetter(reason, { kind: 'cast', to: at ?? from, from, name, message });
  }
}
