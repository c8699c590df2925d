/**
 * A world in which nodes of a protocol live: virtual time, a network, a disk and a clock for each node, and chance from
 * one seed. Nothing in it is random or takes time by itself, so a seed and a plan of faults are a run, again and again.
 * Each concern draws from a stream of its own: a fault taken out of the plan does not change what the network does.
 */
import { Random } from '../testing/random.js';
import { Disk } from './disk.js';
import type { Knobs } from './knobs.js';
import { Network, type Receive } from './network.js';
import { Timeline } from './timeline.js';
import { Trace } from './trace.js';

/** Generators of one seed, by what they decide. */
export interface Chances {
  readonly network: Random;
  readonly disk: Random;
  readonly clock: Random;
  /** For the protocol under test: seeds of its nodes, byzantine behaviour. */
  readonly protocol: Random;
  /** For what clients do. */
  readonly workload: Random;
}

/** Numbers of the streams of a seed; the plan is drawn from one before the world is made. */
export const streams = { knobs: 1, plan: 2, network: 3, disk: 4, clock: 5, protocol: 6, workload: 7 } as const;

/** What a world is made of. */
export interface WorldSettings {
  readonly seed: number;
  /** Nodes, numbered from 0. */
  readonly size: number;
  readonly knobs: Knobs;
  /** Takes what arrives at a node. */
  readonly receive: Receive;
  /** Events that can be read afterwards. */
  readonly keep: number;
  /** A message in words, from its bytes. */
  readonly words: (packet: Uint8Array) => string;
}

interface Place {
  /** Counted from 1; what was to happen in an earlier life does not. */
  life: number;
  up: boolean;
  /** How many faults hold it up; it goes on when none does. */
  pauses: number;
  /** What was due while the node hung. */
  readonly held: { readonly life: number; readonly run: () => void }[];
  readonly disk: Disk;
  /** How much faster than true time its clock runs, as a factor. */
  rate: number;
  /** How far its wall clock is ahead. */
  aheadUs: number;
  /** What its clock had counted when it got its rate, and when that was. */
  countedUs: number;
  ratedAtUs: number;
}

/** Time, network, disks and clocks of some nodes. */
export class World {
  readonly size: number;
  readonly chances: Chances;
  readonly network: Network;
  readonly trace: Trace;
  /** How often something that a run should meet sometimes was met, by its name. */
  readonly sometimes = new Map<string, number>();
  /** Virtual time in microseconds since the start; whole. */
  nowUs = 0;
  /** Events that happened. */
  steps = 0;
  /** True once the faults are over: none strikes any more, whatever the plan says. */
  healed = false;
  readonly #timeline = new Timeline();
  readonly #places: readonly Place[];

  constructor({ seed, size, knobs, receive, keep, words }: WorldSettings) {
    this.size = size;
    const { network, disk, clock, protocol, workload } = streams;
    this.chances = {
      network: new Random(seed, network),
      disk: new Random(seed, disk),
      clock: new Random(seed, clock),
      protocol: new Random(seed, protocol),
      workload: new Random(seed, workload),
    };
    this.trace = new Trace(keep, words);
    this.network = new Network(this, knobs, receive);
    this.#places = Array.from({ length: size }, (_, node) => ({
      life: 1,
      up: true,
      pauses: 0,
      held: [],
      disk: new Disk(this, node, knobs),
      rate: 1 + knobs.drift * ((2 * this.chances.clock.next()) / 2 ** 32 - 1),
      aheadUs: Math.round((knobs.offsetUs * this.chances.clock.next()) / 2 ** 32),
      countedUs: 0,
      ratedAtUs: 0,
    }));
  }

  /** True while there is something left to happen. */
  get busy(): boolean {
    return this.#timeline.size > 0;
  }

  /** Counts that something was met which a long run has to meet. */
  met(what: string): void {
    this.sometimes.set(what, (this.sometimes.get(what) ?? 0) + 1);
  }

  /** Makes something happen at a time; at a node (-1: none) only in the given life, 0 for any. */
  at(atUs: number, node: number, life: number, run: () => void): void {
    this.#timeline.add(atUs, node, life, run);
  }

  /** Makes something happen at a node after a time by the node's own clock, unless it crashes before. */
  after(delayUs: number, node: number, run: () => void): void {
    const { life, rate } = this.#place(node);
    this.#timeline.add(this.nowUs + Math.max(1, Math.round(delayUs / rate)), node, life, run);
  }

  /** Calls `run` at a node, each time that many microseconds of the node's clock have passed, until it crashes. */
  every(periodUs: number, node: number, run: () => void): void {
    const again = (): void => {
      this.after(periodUs, node, again);
      this.trace.add('tick', this.nowUs, node);
      run();
    };
    this.after(periodUs, node, again);
  }

  /** Lets the next event happen. False when there was none before `untilUs`; time is `untilUs` then. */
  step(untilUs: number): boolean {
    for (;;) {
      if (this.#timeline.nextUs > untilUs) {
        this.nowUs = untilUs;
        return false;
      }
      const event = this.#timeline.take();
      if (event === undefined) return false;
      this.nowUs = event.atUs;
      if (event.node >= 0) {
        const place = this.#place(event.node);
        if (!place.up || (event.life !== 0 && event.life !== place.life)) continue;
        if (place.pauses > 0) {
          place.held.push(event);
          continue;
        }
      }
      this.steps += 1;
      event.run();
      return true;
    }
  }

  disk(node: number): Disk {
    return this.#place(node).disk;
  }

  /** The life of the node that is running, counted from 1. */
  lifeOf(node: number): number {
    return this.#place(node).life;
  }

  up(node: number): boolean {
    return this.#place(node).up;
  }

  paused(node: number): boolean {
    return this.#place(node).pauses > 0;
  }

  /** What the wall clock of a node shows, in microseconds; it drifts, differs from others and may be set back. */
  wallUs(node: number): number {
    return Math.round(this.monotonicUs(node)) + this.#place(node).aheadUs;
  }

  /** What the monotonic clock of a node has counted, in microseconds, not whole: it drifts and is never set. */
  monotonicUs(node: number): number {
    const { countedUs, ratedAtUs, rate } = this.#place(node);
    return countedUs + (this.nowUs - ratedAtUs) * rate;
  }

  /** Sets the wall clock of a node ahead, or back. */
  jump(node: number, byUs: number): void {
    this.#place(node).aheadUs += byUs;
  }

  /** From now on the clock of a node runs faster than true time by this factor; what is due already is due as it was. */
  setRate(node: number, rate: number): void {
    const place = this.#place(node);
    place.countedUs = this.monotonicUs(node);
    place.ratedAtUs = this.nowUs;
    place.rate = rate;
  }

  /**
   * Ends the life of a node; `power` takes with it what its disk had not synced, and does so to a node that is down as
   * well: a process that was killed leaves writes behind that only its machine knows of.
   */
  crash(node: number, power: boolean): void {
    const place = this.#place(node);
    if (!place.up) {
      if (power) place.disk.power();
      return;
    }
    place.up = false;
    place.pauses = 0;
    place.held.length = 0;
    place.life += 1;
    if (power) place.disk.power();
    else place.disk.kill();
    this.trace.add('crash', this.nowUs, node, -1, power ? 'power' : 'kill');
  }

  /** A node that is down stays down, whatever was to start it again. */
  retire(node: number): void {
    this.#place(node).life += 1;
  }

  /** Begins the next life of a node, from what its disk has. What it does there is up to the model. */
  restart(node: number): void {
    const place = this.#place(node);
    if (place.up) return;
    place.disk.open();
    place.up = true;
    this.trace.add('restart', this.nowUs, node);
  }

  /** The node hangs: what is due waits. Pauses add up; each is taken back by {@link resume}. */
  pause(node: number): void {
    const place = this.#place(node);
    if (place.up) place.pauses += 1;
  }

  /** One pause less; without any the node goes on: what was due happens now, in order, before what comes next. */
  resume(node: number): void {
    const place = this.#place(node);
    if (place.pauses === 0) return;
    place.pauses -= 1;
    if (place.pauses > 0) return;
    for (const { life, run } of place.held.splice(0)) this.#timeline.addAhead(this.nowUs, node, life, run);
  }

  /** From now on no fault strikes, links are whole, nobody hangs, disks are sound, and clocks run alike. */
  calm(knobs: Knobs): void {
    this.healed = true;
    this.network.calm(knobs);
    for (const [node, place] of this.#places.entries()) {
      this.setRate(node, 1);
      place.disk.calm(knobs);
      while (place.pauses > 0) this.resume(node);
    }
  }

  #place(node: number): Place {
    const place = this.#places[node];
    if (place === undefined) throw new RangeError(`there is no node ${node} in a world of ${this.size}`);
    return place;
  }
}
