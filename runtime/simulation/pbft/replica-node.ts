/**
 * One replica of a simulated group, driven as a driver in production would: packets are decoded, checked for their form,
 * and every signature in them is verified before the core sees them; effects wait in a queue until those before them are
 * done. Records that are to be persisted while others wait for the disk are written along with them and share one sync,
 * which only makes them durable earlier than they have to be.
 */
import { type DurableRecord, keyOf, type ReplicaEffect, type ReplicaInput } from '#protocols/pbft/effects';
import { signaturesIn } from '#protocols/pbft/evidence';
import type { PbftMessage, ReplicaBody, Reply, Signed } from '#protocols/pbft/message';
import { parseMessage } from '#protocols/pbft/parse';
import { recoverReplica } from '#protocols/pbft/recovery';
import { stepReplica } from '#protocols/pbft/replica';
import type { ReplicaId } from '#protocols/pbft/settings';
import { newReplica, type ReplicaConfig, type ReplicaState } from '#protocols/pbft/state';
import { unreachable } from '#protocols/wire/error';
import { decode } from '../../codec/msgpack.js';
import { DiskFull } from '../disk.js';
import type { World } from '../world.js';
import { type Keys, signed } from './keys.js';
import { Service } from './service.js';
import { Store } from './store.js';

/** What a replica has around it. */
export interface Surroundings {
  readonly world: World;
  readonly keys: Keys;
  readonly tickUs: number;
  /** Lets a message of a node go to replicas; where one has a twin, to the instance that the sender talks with. */
  send(from: number, to: readonly ReplicaId[], message: PbftMessage): void;
  reply(from: number, to: string, message: Signed<Reply>): void;
  /** Whether the signatures in a packet are good; one packet that goes to many is looked at once. */
  verified(packet: Uint8Array, verify: () => boolean): boolean;
}

/** Sees what a replica does, before it has consequences. */
export interface Observer {
  stepped(node: ReplicaNode, effects: readonly ReplicaEffect[]): void;
  signing(node: ReplicaNode, body: ReplicaBody): void;
  executed(node: ReplicaNode, effect: Extract<ReplicaEffect, { readonly type: 'execute' }>): void;
  restored(node: ReplicaNode, seq: number): void;
  /** It has its records, and has not begun to work. */
  started(node: ReplicaNode): void;
}

/** Above this many effects that wait for the disk, packets are dropped as by any full queue. */
const LONGEST_QUEUE = 2_000;
/** How long to wait before a full disk is tried again. */
const RETRY_US = 100_000;

interface Queued {
  readonly effect: ReplicaEffect;
  durable: boolean;
}

/** A replica in one of its lives. */
export class ReplicaNode {
  /** The node of the world that it lives at. */
  readonly node: number;
  readonly id: ReplicaId;
  readonly service = new Service();
  state: ReplicaState;
  /** False when its disk has rotted: it stays silent. */
  readonly running: boolean;
  readonly #around: Surroundings;
  readonly #observer: Observer | undefined;
  readonly #store: Store;
  #queue: Queued[] = [];
  #blocked = false;
  #carrying = false;

  constructor(node: number, config: ReplicaConfig, around: Surroundings, observer: Observer | undefined) {
    this.node = node;
    this.id = config.id;
    this.#around = around;
    this.#observer = observer;
    const { world } = around;
    this.#store = new Store(world.disk(node));
    const records = this.#store.load();
    this.running = records !== undefined;
    if (records === undefined) world.met('rotten disk refused');
    else if (records.size > 0) world.met('restarted from disk');
    this.state =
      records === undefined || records.size === 0
        ? newReplica(config)
        : recoverReplica(config, [...records.values()] as readonly DurableRecord[]);
  }

  /** Begins to work. */
  start(): void {
    if (!this.running) return;
    this.#around.world.every(this.#around.tickUs, this.node, () => this.step({ type: 'tick' }));
    this.#observer?.started(this);
    this.step({ type: 'resume' });
  }

  /** A packet arrived. What it gives is the message that was in it, if it was one. */
  receive(packet: Uint8Array): PbftMessage | undefined {
    if (!this.running) return undefined;
    const { world, keys } = this.#around;
    const { settings } = this.state.config;
    const message = parseMessage(decoded(packet), settings);
    if (message === undefined) {
      world.met('malformed packet dropped');
      return undefined;
    }
    if (!this.#around.verified(packet, () => signaturesIn(message, settings).every((claim) => keys.verify(claim)))) {
      world.met('forged message dropped');
      return undefined;
    }
    if (this.#queue.length > LONGEST_QUEUE) world.met('packet dropped by overload');
    else this.step({ type: 'receive', message });
    return message;
  }

  /** One step of the core, and what follows from it. */
  step(input: ReplicaInput): void {
    const { effects } = stepReplica(this.state, input);
    this.#observer?.stepped(this, effects);
    for (const effect of effects) this.#queue.push({ effect, durable: false });
    this.#carryOut();
  }

  #carryOut(): void {
    // A step that an effect brings about adds to the queue, which is being worked off.
    if (this.#carrying) return;
    this.#carrying = true;
    let done = 0;
    while (!this.#blocked) {
      const next = this.#queue[done];
      if (next === undefined) break;
      if (next.effect.type === 'persist' && !next.durable) {
        this.#queue.splice(0, done);
        done = 0;
        this.#persist();
        break;
      }
      done += 1;
      this.#carry(next.effect);
    }
    this.#queue.splice(0, done);
    this.#carrying = false;
  }

  /** Writes all that is to be persisted, and goes on once it is durable. */
  #persist(): void {
    const { world } = this.#around;
    const batch = this.#queue.filter(({ effect, durable }) => effect.type === 'persist' && !durable);
    this.#blocked = true;
    const goOn = (): void => {
      this.#blocked = false;
      this.#carryOut();
    };
    try {
      for (const { effect } of batch) if (effect.type === 'persist') this.#write(effect);
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      world.after(RETRY_US, this.node, goOn);
      return;
    }
    world.disk(this.node).sync(() => {
      for (const entry of batch) entry.durable = true;
      goOn();
    });
  }

  #write({ records, removed }: Extract<ReplicaEffect, { readonly type: 'persist' }>): void {
    for (const record of records) this.#store.put(keyOf(record), record);
    for (const key of removed) this.#store.remove(key);
  }

  #carry(effect: ReplicaEffect): void {
    const { keys } = this.#around;
    switch (effect.type) {
      case 'persist':
      case 'prepared':
      case 'committed':
      case 'stable':
      case 'changing-view':
      case 'entered-view':
      case 'refused':
        return;
      case 'sign':
        this.#observer?.signing(this, effect.body);
        return this.step({ type: 'signed', message: signed(keys, { replica: this.id }, effect.body) });
      case 'send':
        return this.#around.send(this.node, effect.to, effect.message);
      case 'reply':
        return this.#around.reply(this.node, effect.to, effect.message);
      case 'execute': {
        const results = effect.requests.map(({ client, timestamp, operation }) =>
          this.service.execute(client, timestamp, operation),
        );
        this.#observer?.executed(this, effect);
        return this.step({ type: 'executed', seq: effect.seq, results });
      }
      case 'snapshot':
        return this.step({ type: 'snapshot', seq: effect.seq, service: this.service.snapshot() });
      case 'restore':
        this.service.restore(effect.service);
        this.#observer?.restored(this, effect.seq);
        return;
      default:
        return unreachable(effect);
    }
  }
}

function decoded(packet: Uint8Array): unknown {
  try {
    return decode(packet);
  } catch {
    return undefined;
  }
}
