/**
 * A small cluster of quorum nodes for tests: messages wait until they are delivered, in order; what is persisted is on
 * the disk at once; nodes can be down, cut off from each other, or lose their disks. Nothing happens by itself.
 */
import { newRing } from '#protocols/quorum/membership';
import type { Clock } from '#protocols/quorum/clock';
import type { QuorumMessage } from '#protocols/quorum/message';
import type { Ring } from '#protocols/quorum/ring';
import { type QuorumSettings, quorumSettings } from '#protocols/quorum/settings';
import type { Identity, QuorumEffect, QuorumInput, QuorumResult, QuorumState, Write } from '#protocols/quorum/state';
import { newQuorum, stepQuorum } from '#protocols/quorum/step';
import type { Versions } from '#protocols/quorum/versions';

/** What a node has written. */
interface Disk {
  identity: Identity | undefined;
  ring: Ring | undefined;
  readonly records: Map<string, Versions>;
  readonly hints: Map<string, readonly [string, string]>;
}

/** A message under way. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: QuorumMessage;
}

export class Cluster {
  readonly settings: QuorumSettings;
  ring: Ring;
  readonly nodes = new Map<string, QuorumState>();
  readonly disks = new Map<string, Disk>();
  /** In the order in which they were sent. */
  queue: Sent[] = [];
  /** Results of operations, by id. */
  readonly results = new Map<string, QuorumResult>();
  /** What was counted, node by node, in order. */
  readonly counted: string[] = [];
  /** Epochs that nodes have copied everything for. */
  readonly synced: string[] = [];
  /** Types of effects of the last step. */
  effects: readonly QuorumEffect[] = [];
  readonly #cuts = new Set<string>();
  #lives = 0;

  constructor(ids: readonly string[], options: Partial<QuorumSettings> = {}, tokens = 8) {
    this.settings = quorumSettings(options);
    this.ring = newRing(ids, tokens);
    for (const id of ids) this.start(id);
  }

  /** Starts a node with what is on its disk; on a new one, as a node that never was. */
  start(id: string): void {
    this.#lives += 1;
    const known = this.disks.has(id);
    const disk = this.disks.get(id) ?? { identity: undefined, ring: undefined, records: new Map(), hints: new Map() };
    this.disks.set(id, disk);
    const identity = disk.identity ?? { actor: `${id}.${this.#lives}`, ceiling: 0, recovering: known };
    const state = newQuorum(this.settings, id, this.#lives, {
      identity,
      ring: disk.ring ?? this.ring,
      records: [...disk.records],
      hints: [...disk.hints.values()],
    });
    this.nodes.set(id, state);
    this.feed(id, { type: 'start' });
  }

  stop(id: string): void {
    this.nodes.delete(id);
  }

  /** The node is down and its disk is empty. */
  wipe(id: string): void {
    this.stop(id);
    this.disks.set(id, { identity: undefined, ring: undefined, records: new Map(), hints: new Map() });
  }

  cut(one: string, other: string): void {
    this.#cuts.add(`${one} ${other}`).add(`${other} ${one}`);
  }

  mend(): void {
    this.#cuts.clear();
  }

  feed(id: string, input: QuorumInput): void {
    const state = this.nodes.get(id);
    if (state === undefined) return;
    this.effects = stepQuorum(state, input).effects;
    for (const effect of this.effects) this.#carryOut(id, effect);
  }

  put(id: string, operation: string, key: string, value: string | undefined, context: Clock = []): void {
    this.feed(id, {
      type: 'put',
      id: operation,
      key,
      value: value === undefined ? undefined : Buffer.from(value),
      context,
    });
  }

  get(id: string, operation: string, key: string): void {
    this.feed(id, { type: 'get', id: operation, key });
  }

  /** Delivers the oldest message; false when there is none. */
  deliverOne(): boolean {
    const sent = this.queue.shift();
    if (sent === undefined) return false;
    const { from, to, message } = sent;
    if (!this.#cuts.has(`${from} ${to}`)) this.feed(to, { type: 'receive', from, message });
    return true;
  }

  /** Delivers until there is nothing under way. */
  deliver(): void {
    while (this.deliverOne());
  }

  /** Lets time pass at all nodes, and delivers after each tick. */
  tick(ticks: number): void {
    for (let tick = 0; tick < ticks; tick += 1) {
      for (const id of [...this.nodes.keys()]) this.feed(id, { type: 'tick' });
      this.deliver();
    }
  }

  /** All nodes hear of a ring. */
  tell(ring: Ring): void {
    this.ring = ring;
    for (const id of [...this.nodes.keys()]) this.feed(id, { type: 'ring', ring });
  }

  /** The values of an operation that was answered, or what it was answered instead. */
  answer(operation: string): readonly string[] | string {
    const result = this.results.get(operation);
    if (result?.type !== 'ok') return result?.type ?? 'nothing';
    return result.values.map((value) => Buffer.from(value).toString()).toSorted();
  }

  contextOf(operation: string): Clock {
    const result = this.results.get(operation);
    return result?.type === 'ok' ? result.context : [];
  }

  /** The values that a node holds of a key; undefined when it has no record of it. */
  held(id: string, key: string): readonly string[] | undefined {
    return this.disks
      .get(id)
      ?.records.get(key)
      ?.siblings.map(({ value }) => Buffer.from(value).toString());
  }

  #carryOut(id: string, effect: QuorumEffect): void {
    switch (effect.type) {
      case 'persist':
        for (const write of effect.writes) this.#write(id, write);
        return;
      case 'send':
        this.queue.push({ from: id, to: effect.to, message: effect.message });
        return;
      case 'reply':
        this.results.set(effect.id, effect.result);
        return;
      case 'synced':
        this.synced.push(`${id} ${effect.epoch}`);
        return;
      case 'count':
        this.counted.push(`${id} ${effect.event}`);
        return;
    }
  }

  #write(id: string, write: Write): void {
    const disk = this.disks.get(id);
    if (disk === undefined) return;
    if (write.type === 'identity') disk.identity = write.identity;
    else if (write.type === 'ring') disk.ring = write.ring;
    else if (write.type === 'hint') {
      const name = `${write.target} ${write.key}`;
      if (write.kept) disk.hints.set(name, [write.target, write.key]);
      else disk.hints.delete(name);
    } else if (write.versions === undefined) disk.records.delete(write.key);
    else disk.records.set(write.key, write.versions);
  }
}
