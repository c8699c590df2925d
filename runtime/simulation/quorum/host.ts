/**
 * One life of one node of a simulated quorum store: carries out the effects of the core in their order, each once the
 * one before is complete. It is what a driver in production would be.
 */
import { isRing, isVersions, parseMessage } from '#protocols/quorum/parse';
import { arcOfKey } from '#protocols/quorum/records';
import type { Ring } from '#protocols/quorum/ring';
import type { QuorumSettings } from '#protocols/quorum/settings';
import type {
  Identity,
  QuorumEffect,
  QuorumInput,
  QuorumResult,
  QuorumState,
  Stored,
  Write,
} from '#protocols/quorum/state';
import { newQuorum, stepQuorum } from '#protocols/quorum/step';
import type { Versions } from '#protocols/quorum/versions';
import { unreachable } from '#protocols/wire/error';
import { decode, encodeChecked } from '../../codec/msgpack.js';
import { DiskFull } from '../disk.js';
import type { World } from '../world.js';
import { Shelf } from './shelf.js';

/** What a host tells the model. */
export interface HostEvents {
  /** The core has decided on a reply, by the ring of now; it is not sent yet. */
  decided(node: number, id: string): void;
  replied(node: number, id: string, result: QuorumResult): void;
  synced(node: number, epoch: number): void;
  /** The core has changed records; they are not on the disk yet. */
  wrote(node: number, writes: readonly Write[]): void;
  /** They are. */
  durable(node: number, writes: readonly Write[]): void;
  /** There is no room on the disk: the node cannot go on. */
  full(node: number): void;
}

/** How a node is started. */
export interface HostSettings {
  readonly world: World;
  readonly node: number;
  readonly settings: QuorumSettings;
  /** Of an actor, should it need a new one: different for each life. */
  readonly life: number;
  /** A new disk, and nothing was ever on the one before. */
  readonly fresh: boolean;
  /** What whoever decides about membership says, for a node that has lost it. */
  readonly ring: Ring | undefined;
  readonly events: HostEvents;
}

export function nameOf(node: number): string {
  return `n${node + 1}`;
}

export function nodeOf(name: string): number {
  return Number(name.slice(1)) - 1;
}

/** A running node. */
export class Host {
  readonly state: QuorumState;
  /** Something was missing on the disk that should have been there. */
  readonly damaged: boolean;
  readonly #world: World;
  readonly #node: number;
  readonly #shelf: Shelf;
  readonly #events: HostEvents;
  #queue: QuorumEffect[] = [];
  #next = 0;
  #syncing = false;
  #dead = false;

  constructor({ world, node, settings, life, fresh, ring, events }: HostSettings) {
    this.#world = world;
    this.#node = node;
    this.#events = events;
    this.#shelf = new Shelf(world.disk(node));
    const { values, rotten } = this.#shelf.load();
    for (const name of rotten) world.met(name.startsWith('r/') ? 'record rotten' : 'identity or hint rotten');
    const identity = values.get('identity') as Identity | undefined;
    this.damaged = !fresh && (identity === undefined || rotten.some((name) => !name.startsWith('h/')));
    const found = values.get('ring');
    const stored: Stored = {
      identity:
        identity === undefined || this.damaged
          ? { actor: `${nameOf(node)}.${life}`, ceiling: 0, recovering: !fresh }
          : identity,
      ring: isRing(found) && !this.damaged ? found : ring,
      records: [...values].flatMap(([name, value]) =>
        name.startsWith('r/') && isVersions(value) ? [[name.slice(2), value] as const] : [],
      ),
      hints: [...values.keys()].flatMap((name) => (name.startsWith('h/') ? [hintOf(name)] : [])),
    };
    this.state = newQuorum(settings, nameOf(node), world.chances.protocol.next(), stored);
  }

  /** One input of the core, and what it leads to. */
  feed(input: QuorumInput): void {
    if (this.#dead) return;
    const { effects } = stepQuorum(this.state, input);
    for (const effect of effects) {
      this.#queue.push(effect);
      if (effect.type === 'persist') this.#events.wrote(this.#node, effect.writes);
      else if (effect.type === 'reply') this.#events.decided(this.#node, effect.id);
    }
    this.#work();
  }

  /** A packet arrived; what is no message is dropped. */
  receive(from: number, packet: Uint8Array): void {
    const message = parseMessage(decode(packet));
    if (message !== undefined) this.feed({ type: 'receive', from: nameOf(from), message });
  }

  /** The preference lists of a key, old and new, as this node sees them. */
  listsOf(key: string): readonly (readonly number[])[] {
    const arc = arcOfKey(this.state, key);
    return arc === undefined ? [] : [arc.members.map(nodeOf), arc.next.map(nodeOf)];
  }

  /** Its memory is gone. */
  die(): void {
    this.#dead = true;
  }

  #work(): void {
    while (!this.#syncing && !this.#dead) {
      const effect = this.#queue[this.#next];
      if (effect === undefined) break;
      this.#next += 1;
      this.#carryOut(effect);
    }
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
  }

  #carryOut(effect: QuorumEffect): void {
    switch (effect.type) {
      case 'persist':
        return this.#persist(effect.writes);
      case 'send':
        return this.#world.network.send(this.#node, nodeOf(effect.to), encodeChecked(effect.message));
      case 'reply':
        return this.#events.replied(this.#node, effect.id, effect.result);
      case 'synced':
        return this.#events.synced(this.#node, effect.epoch);
      case 'count':
        return this.#world.met(effect.event);
      default:
        return unreachable(effect);
    }
  }

  #persist(writes: readonly Write[]): void {
    try {
      for (const write of writes) this.#write(write);
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.#events.full(this.#node);
      return;
    }
    this.#syncing = true;
    this.#world.disk(this.#node).sync(() => {
      this.#syncing = false;
      // The first thing that is persisted is who this node is.
      this.#shelf.forgetRotten();
      this.#events.durable(this.#node, writes);
      this.#work();
    });
  }

  #write(write: Write): void {
    switch (write.type) {
      case 'identity':
        return this.#shelf.put('identity', write.identity);
      case 'ring':
        return this.#shelf.put('ring', write.ring);
      case 'hint': {
        const name = `h/${write.target}/${write.key}`;
        return write.kept ? this.#shelf.put(name, true) : this.#shelf.remove(name);
      }
      case 'record': {
        const name = `r/${write.key}`;
        return write.versions === undefined ? this.#shelf.remove(name) : this.#shelf.put(name, write.versions);
      }
      default:
        return unreachable(write);
    }
  }
}

function hintOf(name: string): readonly [target: string, key: string] {
  const [, target = '', key = ''] = name.split('/');
  return [target, key];
}

/** What a record says, without its values. */
export function describeVersions({ clock, siblings }: Versions): string {
  const seen = clock.map(([actor, counter]) => `${actor}:${counter}`).join(' ');
  return `{${seen}} ${siblings.map(({ dot: [actor, counter], value }) => `${actor}:${counter}=${Buffer.from(value).toString()}`).join(' ')}`;
}
