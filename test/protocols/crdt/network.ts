/**
 * Replicas with a network between them that does what the test says: messages wait in order until they are delivered,
 * lost or doubled, and a disk has what was persisted. Everything travels and is kept as bytes.
 */
import { addressOf } from '#protocols/crdt/document';
import { nodeOf, type NodeId } from '#protocols/crdt/dot';
import type { Kind } from '#protocols/crdt/kind';
import type { CrdtMessage } from '#protocols/crdt/message';
import { openReplica } from '#protocols/crdt/open';
import type { Operation } from '#protocols/crdt/operation';
import {
  decodeIdentity,
  decodeMessage,
  decodeRecord,
  encodeIdentity,
  encodeMessage,
  encodeRecord,
} from '#protocols/crdt/packet';
import { readDocument, stepReplica } from '#protocols/crdt/replica';
import {
  defaultReplicaSettings,
  type ReplicaEffect,
  type ReplicaInput,
  type ReplicaSettings,
  type ReplicaState,
} from '#protocols/crdt/state';
import type { Value } from '#protocols/crdt/value';

/** What a node keeps. */
export interface Disk {
  identity: Uint8Array | undefined;
  readonly documents: Map<string, Uint8Array>;
}

export interface Sent {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly packet: Uint8Array;
}

export class Net {
  readonly settings: ReplicaSettings;
  readonly replicas = new Map<string, ReplicaState>();
  readonly disks = new Map<string, Disk>();
  /** On their way, oldest first. */
  sent: Sent[] = [];
  /** All messages that were ever sent, by type. */
  readonly said = new Map<string, number>();
  /** Effects of the last input. */
  effects: readonly ReplicaEffect[] = [];
  wallMs = 1_000;
  #lives = 0;

  constructor(names: readonly string[], settings: Partial<ReplicaSettings> = {}) {
    this.settings = { ...defaultReplicaSettings, resendTicks: 2, digestTicks: 10, ...settings };
    for (const name of names) this.start(name);
    for (const name of names) this.neighbours(name, names);
  }

  /** Begins a life of a node, with what its disk has. */
  start(name: string, damaged = false): ReplicaState {
    this.#lives += 1;
    const disk = this.disks.get(name) ?? { identity: undefined, documents: new Map() };
    this.disks.set(name, disk);
    const { state, effects } = openReplica({
      settings: this.settings,
      node: name as NodeId,
      incarnation: this.#lives,
      seed: this.#lives,
      found: {
        identity: disk.identity && decodeIdentity(disk.identity),
        documents: [...disk.documents.values()].map(decodeRecord),
        damaged,
      },
    });
    this.replicas.set(name, state);
    this.#carryOut(name, effects);
    return state;
  }

  /** The process dies and starts again; the disk is as it was. */
  restart(name: string, damaged = false): ReplicaState {
    const nodes = [...this.at(name).neighbours.keys()];
    const state = this.start(name, damaged);
    this.neighbours(name, nodes);
    return state;
  }

  /** A copy of what a node has on its disk. */
  backup(name: string): Disk {
    const disk = this.disks.get(name);
    return { identity: disk?.identity, documents: new Map(disk?.documents) };
  }

  at(name: string): ReplicaState {
    const state = this.replicas.get(name);
    if (state === undefined) throw new Error(`there is no ${name}`);
    return state;
  }

  neighbours(name: string, nodes: readonly string[]): void {
    this.input(name, { type: 'neighbours', nodes: nodes as readonly NodeId[] });
  }

  mutate(name: string, kind: Kind, document: string, operation: Operation): void {
    this.input(name, { type: 'mutate', id: 1, kind, name: document, operation });
  }

  input(name: string, input: TimelessInput): readonly ReplicaEffect[] {
    const { effects } = stepReplica(this.at(name), { ...input, wallMs: this.wallMs });
    this.effects = effects;
    this.#carryOut(name, effects);
    return effects;
  }

  /** Ticks at some nodes, or all. What they send waits. */
  tick(...names: readonly string[]): void {
    for (const name of names.length > 0 ? names : this.replicas.keys()) this.input(name, { type: 'tick' });
  }

  /** Delivers all that waits and passes, and what comes of it; loses the rest. */
  deliver(passes: (message: CrdtMessage, sent: Sent) => boolean = () => true): void {
    for (let next = this.sent.shift(); next !== undefined; next = this.sent.shift()) {
      const message = decodeMessage(next.packet);
      if (this.replicas.has(next.to) && passes(message, next)) this.hand(next);
    }
  }

  /** Hands one packet over, whether it waits or not. */
  hand({ from, to, packet }: Sent): void {
    this.input(to, { type: 'receive', from, message: decodeMessage(packet) });
  }

  /** Ticks and deliveries, as many as are asked for. */
  run(ticks: number, passes?: (message: CrdtMessage, sent: Sent) => boolean): void {
    for (let tick = 0; tick < ticks; tick += 1) {
      this.tick();
      this.deliver(passes);
    }
  }

  value(name: string, kind: Kind, document = 'x'): Value {
    return readDocument(this.at(name), kind, document);
  }

  /** Messages of a type that were sent so far. */
  count(type: CrdtMessage['type']): number {
    return this.said.get(type) ?? 0;
  }

  #carryOut(name: string, effects: readonly ReplicaEffect[]): void {
    const disk = this.disks.get(name);
    for (const effect of effects) {
      if (effect.type === 'persist') {
        if (disk === undefined) continue;
        if (effect.identity !== undefined) disk.identity = encodeIdentity(effect.identity);
        for (const record of effect.documents)
          disk.documents.set(addressOf(record), encodeRecord(record, effect.clock));
      } else if (effect.type === 'send') {
        this.said.set(effect.message.type, this.count(effect.message.type) + 1);
        const from = nodeOf(this.at(name).replica);
        this.sent.push({ from, to: effect.to, packet: encodeMessage(effect.message) });
      }
    }
  }
}

/** An input, without the time. */
type TimelessInput = ReplicaInput extends infer Input
  ? Input extends ReplicaInput
    ? Omit<Input, 'wallMs'>
    : never
  : never;
