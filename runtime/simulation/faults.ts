/**
 * The plan of faults of a run: what goes wrong, where, when and for how long, drawn before the run begins. As data it
 * can be printed, replayed and made smaller; and the same faults strike whatever the protocol does.
 */
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../testing/random.js';
import type { FaultKind, Knobs } from './knobs.js';
import type { Simulated } from './model.js';
import type { World } from './world.js';

/** One fault. */
export interface Fault {
  readonly kind: FaultKind;
  readonly atUs: number;
  /** How long it lasts; for a crash the time until the node is started again. */
  readonly forUs: number;
  /** The node that it strikes; -1 when it is about links. */
  readonly node: number;
  /** Links that it cuts or clogs, each `[from, to]`. */
  readonly links: readonly (readonly [number, number])[];
  /** How far the clock jumps. */
  readonly byUs: number;
}

/** A day and an hour each way: clocks are set by people. */
const JUMPS_US = [3_600_000_000, 86_400_000_000, 1_000_000, 50_000];

/** Draws the faults of a run. */
export function drawFaults(random: Random, knobs: Knobs, size: number, untilUs: number): readonly Fault[] {
  const faults: Fault[] = [];
  const kinds = knobs.faults.filter((kind) => size >= leastNodes(kind));
  if (kinds.length === 0) return faults;
  for (let atUs = 0; ; ) {
    atUs += Math.round(-Math.log((random.next() + 1) / 2 ** 32) * knobs.faultMeanUs);
    if (!(atUs < untilUs)) return faults;
    faults.push(drawFault(random, random.pick(kinds), size, atUs, untilUs));
  }
}

/** Nodes without which a fault of the kind would be none. */
function leastNodes(kind: FaultKind): number {
  if (kind === 'bridge') return 3;
  return kind === 'partition' || kind === 'oneway' || kind === 'clog' ? 2 : 1;
}

function drawFault(random: Random, kind: FaultKind, size: number, atUs: number, untilUs: number): Fault {
  const node = random.below(size);
  // Mostly short, sometimes very long: both leave traces that the other does not.
  const forUs = Math.min(
    untilUs - atUs,
    random.chance(0.8) ? random.between(1_000, 800_000) : random.between(1e6, 6e6),
  );
  const links = drawLinks(random, kind, size, node);
  const byUs = kind === 'jump' ? random.pick(JUMPS_US) * (random.chance(0.5) ? 1 : -1) : 0;
  return { kind, atUs, forUs, node: links.length > 0 ? -1 : node, links, byUs };
}

function drawLinks(
  random: Random,
  kind: FaultKind,
  size: number,
  node: number,
): readonly (readonly [number, number])[] {
  const others = random.shuffle(Array.from({ length: size }, (_, index) => index).filter((each) => each !== node));
  /** Some of the others, and neither none nor all of them. */
  const half = others.slice(0, random.between(1, Math.max(1, others.length - 1)));
  /** Of all nodes some, and not all. */
  const side = others.slice(0, random.between(1, Math.max(1, others.length)));
  switch (kind) {
    case 'partition':
      return linksWhere(size, (from, to) => side.includes(from) !== side.includes(to));
    case 'oneway':
      // It sends and is heard, or it hears; not both.
      return random.chance(0.5) ? linksWhere(size, (from) => from === node) : linksWhere(size, (_, to) => to === node);
    case 'bridge':
      // Two halves that only one node sees both of.
      return linksWhere(size, (from, to) => from !== node && to !== node && half.includes(from) !== half.includes(to));
    case 'clog':
      return linksWhere(size, (from, to) => random.chance(0.4) || (from === node && to === others[0]));
    default:
      return [];
  }
}

function linksWhere(
  size: number,
  chosen: (from: number, to: number) => boolean,
): readonly (readonly [number, number])[] {
  const links: (readonly [number, number])[] = [];
  for (let from = 0; from < size; from += 1)
    for (let to = 0; to < size; to += 1) if (from !== to && chosen(from, to)) links.push([from, to]);
  return links;
}

/** Makes a fault strike in a world, and end. One that changes nothing, such as to kill a node that is down, is not counted. */
export function inject(world: World, simulated: Simulated, fault: Fault): void {
  world.at(fault.atUs, -1, 0, () => {
    if (world.healed) return;
    world.trace.add('fault', world.nowUs, fault.node, -1, describeFault(fault));
    if (strike(world, simulated, fault)) world.met(`fault ${fault.kind}`);
  });
}

/** False when it changed nothing. */
function strike(world: World, simulated: Simulated, fault: Fault): boolean {
  const { kind, node, links, forUs, byUs } = fault;
  const end = (run: () => void): true => {
    world.at(world.nowUs + forUs, -1, 0, () => {
      if (world.healed) return;
      world.trace.add('heal', world.nowUs, node, -1, kind);
      run();
    });
    return true;
  };
  const life = links.length > 0 ? 0 : world.lifeOf(node);
  switch (kind) {
    case 'kill':
    case 'power':
      return crash(world, simulated, node, kind === 'power', forUs);
    case 'pause':
      if (!world.up(node)) return false;
      world.pause(node);
      // A crash ends a pause: what hangs in the next life hangs for a reason of its own.
      return end(() => {
        if (world.lifeOf(node) === life) world.resume(node);
      });
    case 'partition':
    case 'oneway':
    case 'bridge':
      world.network.cut(links);
      return end(() => world.network.mend(links));
    case 'clog':
      world.network.clog(links, world.nowUs + forUs);
      return true;
    case 'jump':
      world.jump(node, byUs);
      return true;
    case 'slowdisk':
      world.disk(node).slowUntil(world.nowUs + forUs);
      return true;
    case 'fulldisk':
      world.disk(node).setFull(true);
      return end(() => world.disk(node).setFull(false));
    case 'badsync':
      // What was not synced is in an unknown state, and the only safe answer is to die (Rebello et al., "Can
      // applications recover from fsync failures?", USENIX ATC 2020).
      world.disk(node).failSync(() => {
        world.met('sync failed');
        crash(world, simulated, node, true, forUs);
      });
      return true;
    default:
      return unreachable(kind);
  }
}

/**
 * Kills a node, and starts it again after a time unless somebody did before. A node that is down is not killed again
 * (false), but its machine may still lose its power.
 */
export function crash(world: World, simulated: Simulated, node: number, power: boolean, forUs: number): boolean {
  if (!world.up(node)) {
    world.crash(node, power);
    return false;
  }
  world.crash(node, power);
  simulated.crashed(node);
  const life = world.lifeOf(node);
  world.at(world.nowUs + forUs, -1, 0, () => {
    if (world.up(node) || world.lifeOf(node) !== life) return;
    world.restart(node);
    simulated.restarted(node);
  });
  return true;
}

/** A fault in words. */
export function describeFault({ kind, node, links, forUs, byUs }: Fault): string {
  const where = links.length > 0 ? links.map(([from, to]) => `n${from + 1}>n${to + 1}`).join(' ') : `n${node + 1}`;
  return kind === 'jump' ? `jump ${where} by ${byUs / 1e6} s` : `${kind} ${where} for ${(forUs / 1e6).toFixed(3)} s`;
}
