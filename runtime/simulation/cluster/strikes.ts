/**
 * Faults that know the cluster: they strike whoever leads, or the node where a child runs, or a leader in the middle of a
 * hand-over. Those of the world strike anywhere, and most of the time nothing is going on there.
 */
import type { Outcome } from '#protocols/supervisor/command';
import { unreachable } from '#protocols/wire/error';
import { crash } from '../faults.js';
import type { Simulated } from '../model.js';
import type { World } from '../world.js';
import type { Node } from './node.js';
import type { ClusterOperation, Target } from './plan.js';

type Strike = Extract<ClusterOperation, { readonly type: 'strike' }>;
type Strand = Extract<ClusterOperation, { readonly type: 'strand' }>;
type Trap = Extract<ClusterOperation, { readonly type: 'trap' }>;

/** What is struck. */
export interface StrikesSite {
  readonly world: World;
  readonly simulated: Simulated;
  readonly leader: () => Node | undefined;
  readonly nodes: () => readonly Node[];
}

/** Strikes, and sets traps. */
export class Strikes {
  readonly #site: StrikesSite;
  #traps: Trap[] = [];

  constructor(site: StrikesSite) {
    this.#site = site;
  }

  begin(strike: Strike): void {
    const node = this.#find(strike.at);
    if (node !== undefined) this.#strike(node, strike);
  }

  strand({ child, forUs }: Strand): void {
    const [leader, holder] = [this.#find({ type: 'leader' }), this.#find({ type: 'holder', child })];
    if (leader === undefined || holder === undefined) return;
    this.#cut([leader.place, holder.place], forUs);
  }

  set(trap: Trap): void {
    this.#traps.push(trap);
  }

  /** A leader has applied an entry; behind it a trap may spring. */
  applied(place: number, outcomes: readonly Outcome[]): void {
    if (this.#traps.length === 0) return;
    const trap = this.#traps.find(({ on }) => outcomes.some(({ type }) => type === on));
    if (trap === undefined) return;
    const { world, simulated } = this.#site;
    this.#traps = this.#traps.filter((other) => other !== trap);
    world.met('trap sprung');
    // What it does now is one step; it dies before the next one.
    world.at(world.nowUs, -1, 0, () => void crash(world, simulated, place, trap.power, trap.forUs));
  }

  end(): void {
    this.#traps = [];
  }

  #find(at: Target): Node | undefined {
    if (at.type === 'leader') return this.#site.leader();
    return this.#site.nodes().find(({ agent }) => agent.running.has(at.child));
  }

  #cut(places: readonly number[], forUs: number): void {
    const { world } = this.#site;
    const links = linksOf(places, world.size);
    world.network.cut(links);
    world.at(world.nowUs + forUs, -1, 0, () => {
      if (!world.healed) world.network.mend(links);
    });
  }

  #strike(node: Node, { how, forUs }: Strike): void {
    const { world, simulated } = this.#site;
    const { place } = node;
    const end = (run: () => void): void => {
      const life = world.lifeOf(place);
      world.at(world.nowUs + forUs, -1, 0, () => {
        // The end of all faults has made it good, or a crash has.
        if (!world.healed && world.lifeOf(place) === life) run();
      });
    };
    switch (how) {
      case 'kill':
      case 'power':
        crash(world, simulated, place, how === 'power', forUs);
        return;
      case 'hang':
        world.pause(place);
        return end(() => world.resume(place));
      case 'cut':
      case 'cut and told': {
        const told = how === 'cut and told';
        this.#cut([place], forUs);
        if (told) node.process.step({ type: 'transport', up: false });
        if (told) end(() => node.process.step({ type: 'transport', up: true }));
        return;
      }
      default:
        return unreachable(how);
    }
  }
}

/** Links between some places and all others, both ways. */
function linksOf(places: readonly number[], size: number): readonly (readonly [number, number])[] {
  const others = Array.from({ length: size }, (_, other) => other).filter((other) => !places.includes(other));
  return places.flatMap((place) =>
    others.flatMap((other): (readonly [number, number])[] => [
      [place, other],
      [other, place],
    ]),
  );
}
