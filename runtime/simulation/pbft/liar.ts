/**
 * A faulty replica: a real one whose words are changed on their way out, and which now and then says something of its own.
 * So whatever is not changed is as convincing as that of a correct replica, and lies get as far as they can. Which tricks
 * a liar plays, and how often, is part of the plan of a run and changes while it goes on.
 */
import type { PbftMessage, Reply, Signed } from '#protocols/pbft/message';
import type { ReplicaId } from '#protocols/pbft/settings';
import type { Lair } from './lair.js';
import type { ReplicaNode } from './replica-node.js';
import { bodyTricks } from './tricks-of-content.js';
import { speechTricks } from './tricks-of-speech.js';
import { viewTricks } from './tricks-of-views.js';

/** One way to lie. */
export interface Trick {
  /** What is sent to a replica in the place of a message; nothing at all, or more than one. */
  readonly send?: (liar: Liar, to: ReplicaId, message: PbftMessage) => readonly PbftMessage[];
  /** What is replied in the place of a reply. */
  readonly reply?: (liar: Liar, message: Signed<Reply>) => Signed<Reply>;
  /** Done once in a while. */
  readonly act?: (liar: Liar) => void;
  /** Done when a message was received. */
  readonly hear?: (liar: Liar, message: PbftMessage) => void;
}

/** All ways to lie, by name. */
export const tricks: Readonly<Record<string, Trick>> = { ...speechTricks, ...bodyTricks, ...viewTricks };

/** A trick and the share of messages that it is played on. */
export interface Habit {
  readonly trick: string;
  readonly zeal: number;
}

/** A faulty replica in one of its lives. */
export class Liar {
  readonly id: ReplicaId;
  readonly lair: Lair;
  readonly node: ReplicaNode;
  habits: readonly Habit[];
  readonly #tell: (to: ReplicaId, message: PbftMessage | Uint8Array) => void;

  /** `tell` sends as the node itself, without any trick. */
  constructor(
    node: ReplicaNode,
    lair: Lair,
    habits: readonly Habit[],
    tell: (to: ReplicaId, message: PbftMessage | Uint8Array) => void,
  ) {
    this.id = node.id;
    this.node = node;
    this.lair = lair;
    this.habits = habits;
    this.#tell = tell;
  }

  /** What the replica wants to send, and what becomes of it. */
  send(to: ReplicaId, message: PbftMessage): void {
    let messages: readonly PbftMessage[] = [message];
    for (const { send } of this.#played())
      if (send !== undefined) messages = messages.flatMap((one) => send(this, to, one));
    for (const one of messages) this.tell(to, one);
  }

  reply(message: Signed<Reply>): Signed<Reply> {
    let said = message;
    for (const { reply } of this.#played()) if (reply !== undefined) said = reply(this, said);
    return said;
  }

  hear(message: PbftMessage): void {
    this.lair.hear(message);
    for (const { hear } of this.#played()) hear?.(this, message);
  }

  /** Something of its own. */
  act(): void {
    for (const { act } of this.#played()) act?.(this);
  }

  /** Says something to a replica as it is; bytes go as a packet. */
  tell(to: ReplicaId, message: PbftMessage | Uint8Array): void {
    if (to === this.id) return;
    if (!(message instanceof Uint8Array)) this.lair.hear(message);
    this.#tell(to, message);
  }

  tellAll(message: PbftMessage | Uint8Array): void {
    for (let to = 0; to < this.lair.settings.replicas; to += 1) this.tell(to, message);
  }

  /** Somebody else. */
  anybody(): ReplicaId {
    const { random, settings } = this.lair;
    return (this.id + 1 + random.below(settings.replicas - 1)) % settings.replicas;
  }

  met(what: string): void {
    this.lair.world.met(`lie: ${what}`);
  }

  #played(): readonly Trick[] {
    const played: Trick[] = [];
    for (const { trick, zeal } of this.habits) {
      const known = tricks[trick];
      if (known !== undefined && this.lair.random.chance(zeal)) played.push(known);
    }
    return played;
  }
}
