/**
 * What a run of the quorum store is: how many nodes, which numbers, and what its clients and its operator do. Each seed
 * draws its own.
 */
import { type QuorumSettings, quorumSettings } from '#protocols/quorum/settings';
import type { Random } from '../../testing/random.js';
import type { FaultKind, Knobs } from '../knobs.js';
import type { Planned } from '../model.js';

/** Microseconds with faults and operations. */
export const BUSY_US = 20_000_000;
/** What a message may be late by in a world with such faults, beside the time of stragglers. */
const LATE_US: Partial<Readonly<Record<FaultKind, number>>> = {
  pause: 12_000_000,
  clog: 7_000_000,
  slowdisk: 12_000_000,
};
const STRAGGLE_US = 4_000_000;
const LATEST_US = 28_000_000;

/** Settings of one run. */
export interface QuorumSetup {
  readonly settings: QuorumSettings;
  /** Nodes that are on the ring from the start; the others may join. */
  readonly members: number;
  readonly tokens: number;
  readonly tickUs: number;
  /** The operator tells some node of the ring this often. */
  readonly tellUs: number;
}

/** What a client or the operator does. */
export type QuorumOperation =
  /** A blind write has no context, whatever the client has seen. */
  | {
      readonly type: 'put' | 'delete';
      readonly client: number;
      readonly key: string;
      readonly via: number;
      readonly blind: boolean;
    }
  | { readonly type: 'get'; readonly client: number; readonly key: string; readonly via: number }
  | { readonly type: 'join' | 'leave'; readonly node: number }
  /** The node gets an empty disk and comes back after a time. */
  | { readonly type: 'wipe'; readonly node: number; readonly forUs: number };

/** R and W by N; the weak ones promise nothing, and have to come right all the same. */
const strong: Readonly<Record<number, readonly (readonly [r: number, w: number])[]>> = {
  3: [
    [2, 2],
    [2, 2],
    [2, 2],
    [1, 3],
    [3, 1],
    [2, 3],
    [3, 2],
  ],
  5: [
    [3, 3],
    [3, 3],
    [2, 4],
    [4, 2],
    [1, 5],
  ],
};
const weak: Readonly<Record<number, readonly (readonly [r: number, w: number])[]>> = {
  3: [
    [1, 1],
    [1, 2],
  ],
  5: [
    [1, 1],
    [2, 2],
  ],
};

/** Draws a run. */
export function drawQuorumPlan(random: Random, knobs: Knobs): Planned<QuorumSetup, QuorumOperation> {
  const n = random.chance(0.75) ? 3 : 5;
  const size = random.between(n, 9);
  const isWeak = random.chance(0.1);
  const [r, w] = random.pick((isWeak ? weak : strong)[n] ?? []);
  const tickUs = random.between(20, 60) * 1_000;
  const timeoutTicks = random.between(10, 30);
  const settings = quorumSettings({
    n,
    r,
    w,
    weak: isWeak,
    sloppy: random.chance(0.15),
    timeoutTicks,
    retryTicks: random.between(2, 5),
    fallbackTicks: random.between(3, timeoutTicks - 1),
    // Where repair is slow, what a replica has missed is missing for long.
    syncTicks: random.chance(0.5) ? random.between(5, 40) : random.between(40, 150),
    hintTicks: random.chance(0.5) ? random.between(2, 20) : random.between(20, 100),
    maxHints: random.chance(0.3) ? random.between(0, 3) : random.between(4, 100),
    graceTicks: Math.ceil(longestUs(knobs) / tickUs),
    maxOperations: random.chance(0.1) ? 3 : 1_000,
    batch: random.chance(0.3) ? random.between(1, 4) : 128,
  });
  // A disk is lost in one of two ways, and of the disks of one key fewer than W. Whoever is gone for good has to be taken
  // off the ring, which needs all others of a preference list when fewer than R or W may be missing.
  const wipes = w > 1 && random.chance(0.25);
  const members = random.chance(0.5) ? size : random.between(n, size);
  const tellUs = random.pick([100_000, 500_000, 2_000_000]);
  const setup = { settings, members, tokens: random.pick([1, 2, 4, 8]), tickUs, tellUs };
  const operations = [
    ...drawClients(random, size),
    ...drawChanges(random, size, n),
    ...(wipes ? drawWipes(random, size, w) : []),
  ].toSorted((one, other) => one.atUs - other.atUs);
  return { size, setup, operations, spare: wipes ? 0 : Math.min(r - 1, w - 1, size - n) };
}

/** Longer than any message of this world is under way, and waits in a node that hangs. */
function longestUs({ faults }: Knobs): number {
  return Math.min(
    LATEST_US,
    faults.reduce((sum, kind) => sum + (LATE_US[kind] ?? 0), STRAGGLE_US),
  );
}

type Operations = Planned<QuorumSetup, QuorumOperation>['operations'];

function drawClients(random: Random, size: number): Operations {
  const keys = random.chance(0.3) ? random.between(1, 3) : random.between(1, 25);
  const clients = random.between(1, 5);
  const deleting = random.chance(0.7) ? 0.2 : 0;
  const blind = random.chance(0.5) ? 0.3 : 0;
  const count = random.between(40, 400);
  return Array.from({ length: count }, () => {
    const client = random.below(clients);
    // Some keys are written much, and most of them little.
    const key = `k${Math.floor((random.next() / 2 ** 32) ** 2 * keys)}`;
    const via = random.below(size);
    const atUs = random.below(BUSY_US);
    if (random.chance(0.4)) return { atUs, operation: { type: 'get' as const, client, key, via } };
    const type = random.chance(deleting) ? ('delete' as const) : ('put' as const);
    return { atUs, operation: { type, client, key, via, blind: random.chance(blind) } };
  });
}

function drawChanges(random: Random, size: number, n: number): Operations {
  if (size === n || random.chance(0.4)) return [];
  return Array.from({ length: random.between(1, 10) }, () => ({
    atUs: random.below(BUSY_US),
    operation: { type: random.chance(0.5) ? ('join' as const) : ('leave' as const), node: random.below(size) },
  }));
}

/** Disks that are lost, with writes shortly before and reads shortly after: when what is lost would be missed. */
function drawWipes(random: Random, size: number, w: number): Operations {
  const nodes = random.shuffle(Array.from({ length: size }, (_, node) => node)).slice(0, w - 1);
  return Array.from({ length: random.between(1, 8) }, () => random.between(500_000, BUSY_US - 1)).flatMap((lostUs) => {
    const forUs = random.between(1_000, random.pick([50_000, 3_000_000]));
    const near = (leastUs: number): number => Math.min(BUSY_US - 1, random.between(leastUs, leastUs + 400_000));
    const some = { client: 0, key: `k${random.below(3)}` };
    const via = (): number => random.below(size);
    const write = (): QuorumOperation => ({ ...some, type: 'put', via: via(), blind: false });
    const read = (): QuorumOperation => ({ ...some, type: 'get', via: via() });
    return [
      { atUs: lostUs, operation: { type: 'wipe' as const, node: random.pick(nodes), forUs } },
      ...[1, 2].map(() => ({ atUs: near(lostUs - 400_000), operation: write() })),
      ...[1, 2, 3, 4].map(() => ({ atUs: near(lostUs + forUs), operation: read() })),
    ];
  });
}
