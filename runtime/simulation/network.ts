/**
 * The network of a simulated world. A packet may be late, overtaken, lost, sent twice, held up on a clogged link or cut
 * off by a partition, which is one of directions: a node may be heard and hear nothing. Packets are the bytes of
 * messages, so that no two nodes ever share an object, and so that what is tested is what travels.
 */
import type { Knobs } from './knobs.js';
import type { World } from './world.js';

/** Takes what arrives at a node. */
export type Receive = (to: number, from: number, packet: Uint8Array) => void;

/** Every link between nodes of one world. */
export class Network {
  /** Rates of now; replaced when the world calms down. */
  knobs: Knobs;
  readonly #world: World;
  readonly #receive: Receive;
  /** How many faults cut the link, by from * nodes + to. */
  readonly #cuts: Int32Array;
  /** Until when packets of the link are held back, in microseconds. */
  readonly #clogs: Float64Array;

  constructor(world: World, knobs: Knobs, receive: Receive) {
    this.#world = world;
    this.knobs = knobs;
    this.#receive = receive;
    this.#cuts = new Int32Array(world.size * world.size);
    this.#clogs = new Float64Array(world.size * world.size);
  }

  /** Sends a packet. It is handed over as it is and must not be changed afterwards. */
  send(from: number, to: number, packet: Uint8Array): void {
    const { knobs } = this;
    const chance = this.#world.chances.network;
    const cut = (this.#cuts[from * this.#world.size + to] as number) > 0;
    if (cut || chance.chance(knobs.loss)) {
      this.#world.trace.add('lose', this.#world.nowUs, from, to, packet.length);
      this.#world.met(cut ? 'packet cut off' : 'packet lost');
      return;
    }
    this.#carry(from, to, packet);
    if (chance.chance(knobs.duplication)) {
      this.#world.trace.add('twice', this.#world.nowUs, from, to, packet.length);
      this.#world.met('packet twice');
      this.#carry(from, to, packet);
    }
  }

  /** True when packets from one reach the other. */
  open(from: number, to: number): boolean {
    return (this.#cuts[from * this.#world.size + to] as number) === 0;
  }

  /** Cuts links in their direction, each `[from, to]`. Cuts add up; each is taken back by {@link mend}. */
  cut(links: readonly (readonly [number, number])[]): void {
    for (const [from, to] of links) this.#add(from * this.#world.size + to, 1);
  }

  mend(links: readonly (readonly [number, number])[]): void {
    for (const [from, to] of links) this.#add(from * this.#world.size + to, -1);
  }

  /** Holds packets of the links back until then; they arrive all at once. */
  clog(links: readonly (readonly [number, number])[], untilUs: number): void {
    for (const [from, to] of links) {
      const link = from * this.#world.size + to;
      this.#clogs[link] = Math.max(untilUs, this.#clogs[link] as number);
    }
  }

  /** Every link is whole, whatever cut or clogged it, and has the rates given from now on. */
  calm(knobs: Knobs): void {
    this.knobs = knobs;
    this.#cuts.fill(0);
    this.#clogs.fill(0);
  }

  #add(link: number, change: number): void {
    this.#cuts[link] = Math.max(0, (this.#cuts[link] as number) + change);
  }

  #carry(from: number, to: number, packet: Uint8Array): void {
    const { knobs } = this;
    const chance = this.#world.chances.network;
    // Exponential, from a uniform draw that is never 0.
    let delayUs = knobs.delayLeastUs - Math.log((chance.next() + 1) / 2 ** 32) * knobs.delayMeanUs;
    if (chance.chance(knobs.straggling)) delayUs += 100 * knobs.delayMeanUs;
    const openUs = this.#clogs[from * this.#world.size + to] as number;
    const atUs = Math.max(this.#world.nowUs + delayUs, openUs);
    if (atUs === openUs) this.#world.met('packet held back');
    this.#world.at(Math.round(atUs), to, 0, () => {
      this.#world.trace.add('deliver', this.#world.nowUs, to, from, packet);
      this.#receive(to, from, packet);
    });
  }
}
