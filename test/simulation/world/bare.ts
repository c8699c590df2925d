/** A world without a protocol: what arrives is written down, and what befalls nodes as well. */
import type { Fault } from '#runtime/simulation/faults';
import { calm, type Knobs } from '#runtime/simulation/knobs';
import type { Simulated } from '#runtime/simulation/model';
import { World } from '#runtime/simulation/world';

/** What a bare world is like; calm, of three nodes, of seed 1 without them. */
export interface BareOptions {
  readonly size?: number;
  readonly seed?: number;
  readonly knobs?: Partial<Knobs>;
}

/** A packet that arrived. */
export interface Arrival {
  readonly to: number;
  readonly from: number;
  readonly byte: number;
  readonly atUs: number;
}

/** A world, and all that happened in it. */
export interface Bare {
  readonly world: World;
  readonly simulated: Simulated;
  readonly arrivals: Arrival[];
  /** Such as `crash n1`, `restart n1`. */
  readonly news: string[];
  /** Lets everything happen that is due until then. */
  readonly until: (atUs: number) => void;
}

export function bare({ size = 3, seed = 1, knobs = {} }: BareOptions = {}): Bare {
  const arrivals: Arrival[] = [];
  const news: string[] = [];
  const world: World = new World({
    seed,
    size,
    knobs: { ...calm, ...knobs },
    keep: 1_000,
    words: (packet) => `byte ${packet[0]}`,
    receive: (to, from, packet) => arrivals.push({ to, from, byte: packet[0] ?? -1, atUs: world.nowUs }),
  });
  const simulated: Simulated = {
    receive: () => {},
    words: () => '',
    operate: () => {},
    crashed: (node) => news.push(`crash n${node + 1}`),
    restarted: (node) => news.push(`restart n${node + 1}`),
    healed: () => {},
    check: () => {},
    settled: () => true,
    finish: () => {},
    state: () => [],
  };
  const until = (atUs: number): void => {
    while (world.step(atUs));
  };
  return { world, simulated, arrivals, news, until };
}

/** A fault at 1 ms that lasts for 100 ms. */
export function fault(kind: Fault['kind'], more: Partial<Fault> = {}): Fault {
  return { kind, atUs: 1_000, forUs: 100_000, node: 0, links: [], byUs: 0, ...more };
}

export const packet = (byte: number): Uint8Array => Uint8Array.of(byte);
