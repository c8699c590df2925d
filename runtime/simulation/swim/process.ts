/**
 * One life of one node: the loop that drives the core, as a driver in production would be. It ticks, hands over what
 * arrives, and carries effects out in order. Everything that it does is reported, so that invariants can be held
 * against it.
 */
import { newSwim, type SwimEvent, type SwimInput, type SwimState } from '#protocols/swim/state';
import { stepSwim } from '#protocols/swim/swim';
import { unreachable } from '#protocols/wire/error';
import type { World } from '../world.js';
import type { SwimSetup } from './plan.js';
import { Streams } from './streams.js';

/** What a life of a node reports. */
export interface ProcessWatch {
  event(process: Process, event: SwimEvent): void;
  /** A packet that is no stream leaves. */
  packet(process: Process, packet: Uint8Array): void;
  /** A step is over. */
  stepped(process: Process, input: SwimInput): void;
  /** It has told others that it leaves, and ends. */
  left(process: Process): void;
}

/** A running node. */
export class Process {
  /** Its machine. */
  readonly place: number;
  readonly name: string;
  readonly life: number;
  readonly state: SwimState;
  readonly #world: World;
  readonly #watch: ProcessWatch;
  readonly #streams: Streams;
  readonly #tickUs: number;
  #tickedAtUs: number;
  #clockMs = 0;
  #ended = false;

  constructor(world: World, place: number, name: string, life: number, setup: SwimSetup, watch: ProcessWatch) {
    this.#world = world;
    this.place = place;
    this.name = name;
    this.life = life;
    this.#watch = watch;
    this.#streams = new Streams(world, place, life);
    this.#tickUs = setup.tickMs * 1_000;
    this.#tickedAtUs = world.nowUs;
    const seed = world.chances.protocol.next();
    const metadata = [{ key: 'life', value: String(life) }];
    this.state = newSwim({ node: name, address: addressOf(place), life, seed, metadata }, setup.settings);
  }

  /** It joins, and its clock begins to tick. */
  begin(seedPlaces: number): void {
    const seeds = Array.from({ length: seedPlaces }, (_, place) => addressOf(place));
    this.step({ type: 'join', seeds });
    this.#tickLater();
  }

  /** How long ago its last tick was. */
  get silentUs(): number {
    return this.#world.nowUs - this.#tickedAtUs;
  }

  /** What it sends from now on is nothing. */
  end(): void {
    this.#ended = true;
    this.#streams.end();
  }

  /** Something arrives from the network; `garble` changes packets on the way. */
  receive(from: number, frame: Uint8Array, garble: (packet: Uint8Array) => Uint8Array): void {
    const received = this.#streams.receive(from, frame);
    if (received === undefined) return;
    this.step({ type: 'receive', packet: received.stream ? received.packet : garble(received.packet) });
  }

  step(input: SwimInput): void {
    const { effects } = stepSwim(this.state, input);
    for (const effect of effects) {
      // An effect before may have ended this life.
      if (this.#ended) return;
      switch (effect.type) {
        case 'send': {
          const to = placeOf(effect.to);
          if (effect.stream) this.#streams.sendStream(to, effect.packet);
          else {
            this.#watch.packet(this, effect.packet);
            this.#streams.sendPacket(to, effect.packet);
          }
          break;
        }
        case 'event':
          this.#watch.event(this, effect.event);
          break;
        case 'metadata-refused':
          this.#world.met('metadata refused');
          break;
        case 'left':
          this.#watch.left(this);
          break;
        default:
          unreachable(effect);
      }
    }
    if (!this.#ended) this.#watch.stepped(this, input);
  }

  #tickLater(): void {
    this.#world.after(this.#tickUs, this.place, () => {
      if (this.#ended) return;
      this.#tickLater();
      this.#world.trace.add('tick', this.#world.nowUs, this.place);
      // Its clock may go wrong by a tenth; what took much longer than a tick was a time in which it hung.
      const passedUs = this.#world.nowUs - this.#tickedAtUs;
      this.#tickedAtUs = this.#world.nowUs;
      this.#clockMs += (passedUs > 2 * this.#tickUs ? passedUs : this.#tickUs) / 1_000;
      this.step({ type: 'tick', nowMs: this.#clockMs });
    });
  }
}

/** Where a machine is found. */
export function addressOf(place: number): string {
  return `m${place + 1}`;
}

function placeOf(address: string): number {
  return Number(address.slice(1)) - 1;
}
