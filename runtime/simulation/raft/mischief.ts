/**
 * Faults that know Raft. Those of the world strike anywhere at any time, and most of the time nothing is going on there;
 * these strike the leader, or a node at the moment at which it says something that it must not forget. (The "buggify" of
 * FoundationDB: Zhou et al., "FoundationDB: a distributed unbundled transactional key value store", SIGMOD 2021.)
 */
import type { RaftMessage } from '#protocols/raft/message';
import type { NodeId } from '#protocols/raft/types';
import { unreachable } from '#protocols/wire/error';
import { crash } from '../faults.js';
import type { Simulated } from '../model.js';
import type { World } from '../world.js';
import type { Driver } from './driver.js';

/** A fault of the plan that depends on what the cluster is at. */
export type Mischief =
  /** The leader dies. */
  | { readonly type: 'strike'; readonly power: boolean; readonly forUs: number }
  /** The leader is left alone with some others. */
  | { readonly type: 'strand'; readonly places: readonly number[]; readonly forUs: number }
  /** The next node that sends such a message dies behind it. */
  | { readonly type: 'trap'; readonly on: RaftMessage['type']; readonly power: boolean; readonly forUs: number }
  /** The next leader that enters a joint configuration dies. */
  | { readonly type: 'trap-joint'; readonly power: boolean; readonly forUs: number };

type Trap = Extract<Mischief, { readonly type: 'trap' | 'trap-joint' }>;

/** Sets traps, and springs them. */
export class Mischiefs {
  readonly #world: World;
  readonly #simulated: Simulated;
  #traps: Trap[] = [];

  constructor(world: World, simulated: Simulated) {
    this.#world = world;
    this.#simulated = simulated;
  }

  begin(mischief: Mischief, leader: Driver | undefined): void {
    switch (mischief.type) {
      case 'strike':
        if (leader !== undefined) this.#crash(leader.place, mischief);
        return;
      case 'strand':
        if (leader !== undefined) this.#strand(leader.place, mischief.places, mischief.forUs);
        return;
      case 'trap':
      case 'trap-joint':
        this.#traps.push(mischief);
        return;
      default:
        unreachable(mischief);
    }
  }

  /** A node sends; behind it a trap may spring. */
  sent({ place }: Driver, _to: NodeId, { type }: RaftMessage): void {
    if (this.#traps.length > 0) this.#spring(place, (trap) => trap.type === 'trap' && trap.on === type);
  }

  /** A leader has entered a joint configuration. */
  joint({ place }: Driver): void {
    if (this.#traps.length > 0) this.#spring(place, (trap) => trap.type === 'trap-joint');
  }

  end(): void {
    this.#traps = [];
  }

  #spring(place: number, fits: (trap: Trap) => boolean): void {
    const trap = this.#traps.find(fits);
    if (trap === undefined) return;
    this.#traps = this.#traps.filter((other) => other !== trap);
    this.#world.met('trap sprung');
    // What the node does now is one step; it dies before the next one.
    this.#world.at(this.#world.nowUs, -1, 0, () => this.#crash(place, trap));
  }

  #crash(place: number, { power, forUs }: { readonly power: boolean; readonly forUs: number }): void {
    crash(this.#world, this.#simulated, place, power, forUs);
  }

  #strand(place: number, places: readonly number[], forUs: number): void {
    const { network, size } = this.#world;
    const links: (readonly [number, number])[] = [];
    const inside = (one: number): boolean => one === place || places.includes(one);
    for (let from = 0; from < size; from += 1)
      for (let to = 0; to < size; to += 1) if (inside(from) !== inside(to)) links.push([from, to]);
    network.cut(links);
    this.#world.at(this.#world.nowUs + forUs, -1, 0, () => network.mend(links));
  }
}
