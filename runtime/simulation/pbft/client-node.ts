/**
 * A client of a simulated group. Whoever uses it wants a list of operations done, one after another, however often the
 * client dies: it keeps the request under way on its disk before it sends it, and goes on with that one after a restart.
 */
import { type ClientConfig, type ClientEffect, type ClientInput, newClient, stepClient } from '#protocols/pbft/client';
import { signaturesIn } from '#protocols/pbft/evidence';
import { parseReply } from '#protocols/pbft/parse';
import { unreachable } from '#protocols/wire/error';
import { decode } from '../../codec/msgpack.js';
import { DiskFull } from '../disk.js';
import { signed } from './keys.js';
import type { Surroundings } from './replica-node.js';
import { Store } from './store.js';
import type { Watch } from './watch.js';

const utf8 = new TextEncoder();
const RETRY_US = 100_000;

/** The operations that somebody wants of a client, which outlives it. */
export interface Wishes {
  readonly operations: string[];
  /** How many of them are answered. */
  done: number;
  /** What had been answered to anybody when the request of a wish was first made. */
  asked: { readonly wish: number; readonly floor: number };
}

/** What a client keeps: which wish it last made a request of, and under which timestamp. */
interface Kept {
  readonly wish: number;
  readonly timestamp: number;
}

/** A correct client in one of its lives. */
export class ClientNode {
  readonly node: number;
  /** False when its disk has rotted. */
  readonly running: boolean;
  readonly #config: ClientConfig;
  readonly #around: Surroundings;
  readonly #watch: Watch;
  readonly #wishes: Wishes;
  readonly #store: Store;
  #kept: Kept;
  #state: ReturnType<typeof newClient>;

  constructor(node: number, config: ClientConfig, around: Surroundings, watch: Watch, wishes: Wishes) {
    this.node = node;
    this.#config = config;
    this.#around = around;
    this.#watch = watch;
    this.#wishes = wishes;
    this.#store = new Store(around.world.disk(node));
    const records = this.#store.load();
    this.running = records !== undefined;
    this.#kept = (records?.get('request') as Kept | undefined) ?? { wish: -1, timestamp: 0 };
    // A request under way is made again under its own timestamp.
    const again = this.#kept.wish === wishes.done ? 1 : 0;
    this.#state = newClient(config, this.#kept.timestamp - again);
  }

  start(): void {
    if (!this.running) return;
    const { world, tickUs } = this.#around;
    world.every(tickUs, this.node, () => this.#step({ type: 'tick' }));
    this.wish();
  }

  /** Goes on to the next wish, if nothing is under way. */
  wish(): void {
    const { done, operations } = this.#wishes;
    const operation = operations[done];
    if (!this.running || operation === undefined || this.#state.signing || this.#state.request !== undefined) return;
    if (this.#wishes.asked.wish !== done) this.#wishes.asked = { wish: done, floor: this.#watch.floor };
    this.#step({ type: 'invoke', operation: utf8.encode(operation) });
  }

  receive(packet: Uint8Array): void {
    if (!this.running) return;
    const { settings } = this.#config;
    const { keys, world } = this.#around;
    const reply = parseReply(decodedReply(packet), settings);
    if (reply === undefined || !signaturesIn(reply, settings).every((claim) => keys.verify(claim))) {
      world.met('forged reply dropped');
      return;
    }
    this.#step({ type: 'receive', message: reply });
  }

  #step(input: ClientInput): void {
    for (const effect of stepClient(this.#state, input).effects) this.#carry(effect);
  }

  #carry(effect: ClientEffect): void {
    const { world, keys } = this.#around;
    switch (effect.type) {
      case 'sign': {
        const { body } = effect;
        this.#watch.asks(body);
        const message = signed(keys, { client: body.client }, body);
        return this.#keep({ wish: this.#wishes.done, timestamp: body.timestamp }, () =>
          this.#step({ type: 'signed', message }),
        );
      }
      case 'send':
        if (effect.to.length > 1) world.met('client asked everybody');
        return this.#around.send(this.node, effect.to, effect.message);
      case 'result':
        world.met('request answered');
        this.#watch.believes(this.#config.client, effect.timestamp, effect.result, this.#wishes.asked.floor);
        this.#wishes.done += 1;
        return this.wish();
      case 'busy':
        throw new Error('a client with a request under way was asked for another');
      default:
        return unreachable(effect);
    }
  }

  #keep(kept: Kept, then: () => void): void {
    const { world } = this.#around;
    this.#kept = kept;
    try {
      this.#store.put('request', kept);
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      world.after(RETRY_US, this.node, () => this.#keep(kept, then));
      return;
    }
    world.disk(this.node).sync(then);
  }
}

function decodedReply(packet: Uint8Array): unknown {
  try {
    return decode(packet);
  } catch {
    return undefined;
  }
}
