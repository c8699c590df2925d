/**
 * The durable sessions of an executor: those of the stored actors that live here, and those of actors that ended here and
 * left something to deliver. A life of an actor goes on with the sessions that are here still, and reads the others.
 */
import { type ActorAddress, addressParts } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { assertPlain } from '../codec/msgpack.js';
import type { CastOutcome } from '../flow/outcome.js';
import type { StoredDocument } from '../store/store.js';
import { DurableSession, type SessionHost, type SessionOwner } from './durable-session.js';
import { GIVE_UP_MS, type ReliableSettings } from './options.js';
import { documentOf, logOf, readMessages, type SessionFacts, type Target, unpackFacts } from './stored-session.js';
import type { AckMessage, Payload } from './wire.js';

/** What the durable sessions need of their executor. */
export interface DurableHost extends Omit<SessionHost, 'over'> {
  readonly incarnation: string;
}

/** Targets of one actor at most: all of them are read when it starts. */
const MAX_TARGETS = 1_000;

export class DurableOutgoing {
  readonly #host: DurableHost;
  /** By the key of the actor that sends, then by target. */
  readonly #byKey = new Map<string, Map<string, DurableSession>>();
  readonly #byId = new Map<string, DurableSession>();
  #made = 0;

  constructor(host: DurableHost) {
    this.#host = host;
  }

  /** Sessions that are here. */
  get size(): number {
    return this.#byId.size;
  }

  /** A life of an actor begins with these documents. @throws SkepError as the store client does, and STORE_CORRUPT. */
  async resume(owner: SessionOwner, documents: readonly StoredDocument[]): Promise<void> {
    for (const { name, bytes } of documents) {
      const facts = unpackFacts(name, bytes);
      if (facts === undefined) continue;
      const present = this.#byId.get(facts.id);
      if (present === undefined) await this.#read(owner, facts);
      else present.adopt(owner);
    }
  }

  /** Accepts a message, or refuses it as a dead letter. */
  offer(
    owner: SessionOwner,
    target: Target,
    to: ActorAddress,
    payload: Payload,
    settings: ReliableSettings,
  ): CastOutcome {
    try {
      assertPlain(payload.message);
    } catch {
      return this.#refuse('unencodable', owner, to, payload);
    }
    const present = this.#byKey.get(owner.key)?.get(documentOf(target));
    if (present === undefined && (this.#byKey.get(owner.key)?.size ?? 0) >= MAX_TARGETS)
      return this.#refuse('outbound-full', owner, to, payload);
    return (present ?? this.#open(owner, target, settings)).offer(to, payload);
  }

  /** Resolves once an actor need not wait. */
  drained(key: string, target: Target): Promise<void> {
    return this.#byKey.get(key)?.get(documentOf(target))?.drained() ?? Promise.resolve();
  }

  /** Takes an acknowledgement. */
  acknowledged(from: ActorAddress, message: AckMessage & { readonly session: string }): void {
    this.#byId.get(message.session)?.acknowledged(from, message);
  }

  /** Resolves once nothing waits for a receiver any more. */
  async settled(to: ActorAddress): Promise<void> {
    const open = [...this.#byId.values()].filter(({ receiver }) => receiver === to);
    await Promise.all(open.map((session) => session.settled()));
  }

  /** An actor here ended for good, as far as this executor knows. */
  senderEnded(address: ActorAddress): void {
    for (const session of [...this.#byId.values()]) if (session.sender === address) session.orphan();
  }

  /** An actor deletes what it has stored. */
  erased(key: string): void {
    const sessions = [...(this.#byKey.get(key)?.values() ?? [])];
    this.#byKey.delete(key);
    for (const session of sessions) session.erase();
  }

  /** Addresses that are gone for good. */
  receiversGone(gone: (address: ActorAddress) => boolean): void {
    for (const session of [...this.#byId.values()])
      if (session.receiver !== undefined && gone(session.receiver)) session.receiverGone();
  }

  /** The executor ends; what is stored stays. */
  close(): void {
    for (const session of [...this.#byId.values()]) session.close();
  }

  async #read(owner: SessionOwner, facts: SessionFacts): Promise<void> {
    const { log, target } = facts;
    const { address: from, key, epoch, store, durability } = owner;
    const stored = await readMessages(log, store, durability);
    const lost = target.type === 'address' && this.#isOfPast(target.address);
    // Without messages nothing was ever sent, or the log was erased: whoever sends begins another.
    if (!lost && (stored.base > 1 || stored.payloads.length > 0)) {
      this.#add(owner, facts, new DurableSession(this.#sessionHost, owner, facts, stored));
      return;
    }
    if (lost)
      for (const { name, message } of stored.payloads)
        this.#host.deadLetter('lost', { kind: 'cast', to: target.address, from, name, message });
    await store.write({ type: 'erase', key: log, epoch: stored.epoch }, durability);
    await store.write({ type: 'remove', key, epoch, name: documentOf(target) }, durability);
  }

  /** An address of a life before of this node. */
  #isOfPast(address: ActorAddress): boolean {
    const { node, incarnation } = addressParts(address);
    return node === this.#host.node && incarnation !== '*' && incarnation !== this.#host.incarnation;
  }

  #open(owner: SessionOwner, target: Target, settings: ReliableSettings): DurableSession {
    const { node, incarnation, id: executor } = this.#host;
    this.#made += 1;
    // The epoch is of this life of the actor alone, and the incarnation tells a store that was made anew from the old one.
    const number = `${owner.epoch}.${executor}.${this.#made}`;
    const { window, buffer, resendMs, maxResendMs } = settings;
    const giveUpMs = target.type === 'name' ? settings.giveUpMs : Math.min(settings.giveUpMs, GIVE_UP_MS);
    const facts: SessionFacts = {
      id: `${node}@${incarnation}/${owner.key}/${number}`,
      log: logOf(owner.key, number),
      target,
      settings: { window, buffer, resendMs, maxResendMs, giveUpMs },
    };
    return this.#add(owner, facts, new DurableSession(this.#sessionHost, owner, facts));
  }

  #add({ key }: SessionOwner, { id, target }: SessionFacts, session: DurableSession): DurableSession {
    const ofKey = this.#byKey.get(key) ?? new Map<string, DurableSession>();
    ofKey.set(documentOf(target), session);
    this.#byKey.set(key, ofKey);
    this.#byId.set(id, session);
    return session;
  }

  get #sessionHost(): SessionHost {
    const host = this.#host;
    return {
      node: host.node,
      id: host.id,
      clock: host.clock,
      deliver: (envelope) => host.deliver(envelope),
      deadLetter: (reason, envelope) => host.deadLetter(reason, envelope),
      lookup: (name, node) => host.lookup(name, node),
      over: (session) => this.#forget(session),
    };
  }

  #forget(session: DurableSession): void {
    const { id, target } = session.facts;
    this.#byId.delete(id);
    const { key } = session;
    const ofKey = this.#byKey.get(key);
    if (ofKey?.get(documentOf(target)) === session) ofKey.delete(documentOf(target));
    if (ofKey?.size === 0) this.#byKey.delete(key);
  }

  #refuse(
    reason: 'unencodable' | 'outbound-full',
    { address: from }: SessionOwner,
    to: ActorAddress,
    { name, message }: Payload,
  ): CastOutcome {
    const envelope: Extract<Envelope, { kind: 'cast' }> = { kind: 'cast', to, from, name, message };
    this.#host.deadLetter(reason, envelope);
    return 'refused';
  }
}
