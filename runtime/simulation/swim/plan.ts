/**
 * Runs of SWIM groups: how many nodes, with which settings, and what their operators do. Times are those of a preset made
 * shorter, so that a minute sees as many rounds as a quarter of an hour would; they stay above what the network of the
 * world takes for a round trip, as an operator would choose them.
 */
import { lan, local, type SwimSettings, wan } from '#protocols/swim/settings';
import { unreachable } from '#protocols/wire/error';
import type { Random } from '../../testing/random.js';
import type { Knobs } from '../knobs.js';
import type { Planned } from '../model.js';

/** Of one run; plain data. */
export interface SwimSetup {
  readonly settings: SwimSettings;
  /** Nodes that run from the beginning; the others of the world are machines without a node. */
  readonly members: number;
  /** The first of them are everybody's seeds, and never leave for good. */
  readonly seeds: number;
  readonly tickMs: number;
  /** Packets that arrive cut short or changed. */
  readonly garble: number;
}

/** What operators do. Nodes are numbers of machines. */
export type SwimOperation =
  | { readonly type: 'leave' | 'start'; readonly node: number }
  /** Its machine goes down, and stays so until it is started. */
  | { readonly type: 'down'; readonly node: number }
  | { readonly type: 'set'; readonly node: number; readonly key: string; readonly value: string | undefined }
  | { readonly type: 'stall'; readonly node: number; readonly forMs: number }
  /** Its connection to the network is gone as a whole, and it knows. */
  | { readonly type: 'cut-off'; readonly node: number; readonly forMs: number }
  /** Each node hears only those of its part. */
  | { readonly type: 'split'; readonly parts: readonly number[]; readonly forMs: number }
  /** A node dies and starts on another machine; its own is gone for good, or serves a node with another name. */
  | { readonly type: 'replace'; readonly node: number; readonly by: number; readonly rebuilt: boolean };

type Timed = { readonly atUs: number; readonly operation: SwimOperation };

/** Draws a run with everything that can happen. */
export function drawPlan(random: Random, knobs: Knobs, busyUs: number): Planned<SwimSetup, SwimOperation> {
  const setup = drawSetup(random, knobs, drawSize(random));
  const spares = random.chance(0.3) ? random.between(1, 2) : 0;
  const size = setup.members + spares;
  const kinds = random
    .shuffle(['leave', 'down', 'set', 'stall', 'cut-off', 'split'] as const)
    .slice(0, random.between(1, 6));
  const operations = Array.from({ length: random.between(2, 24) }, () =>
    drawOperation(random, random.pick(kinds), setup, busyUs),
  ).flat();
  for (let spare = setup.members; spare < size; spare += 1)
    operations.push(...drawReplacement(random, setup, spare, busyUs));
  return {
    size,
    setup,
    operations: operations.toSorted((one, other) => one.atUs - other.atUs),
    // One seed has to remain, or a node that forgot everything finds nobody.
    spare: Math.min(2, setup.seeds - 1),
  };
}

/** Draws a run in which nodes hang for long, come and go, and nothing else goes wrong. */
export function drawStalls(random: Random, knobs: Knobs, busyUs: number): Planned<SwimSetup, SwimOperation> {
  const setup = { ...drawSetup(random, knobs, drawSize(random)), garble: 0 };
  const stalls = Array.from({ length: random.between(1, 3) }, (_, index) => {
    const operation = {
      type: 'stall',
      node: random.below(setup.members),
      forMs: random.between(15_000, 30_000),
    } as const;
    return { atUs: 5_000_000 + index * 35_000_000 + random.below(4_000_000), operation };
  });
  const others = Array.from({ length: random.between(0, 8) }, () =>
    drawOperation(random, random.pick(['leave', 'down', 'set'] as const), setup, busyUs),
  ).flat();
  const operations = [...stalls, ...others].toSorted((one, other) => one.atUs - other.atUs);
  return { size: setup.members, setup, operations, spare: 0 };
}

function drawSize(random: Random): number {
  if (random.chance(0.75)) return random.between(3, 8);
  return random.chance(0.8) ? random.between(9, 20) : random.between(21, 50);
}

/** Settings that fit the network of a world, for a group of so many. */
export function drawSetup(random: Random, knobs: Knobs, members: number): SwimSetup {
  const preset = random.pick([lan, lan, local, wan]);
  // A timeout that fits the network: the round trip is twice the delay, and its 99th percentile some times as much.
  const leastMs = (12 * (knobs.delayLeastUs + knobs.delayMeanUs)) / 1_000;
  const wantedMs = random.between(members > 20 ? 150 : 40, 250);
  const settings = scaled(preset, Math.max(leastMs, wantedMs) / preset.probeTimeoutMs);
  return {
    settings: { ...settings, packetBytes: random.pick([1_024, 1_400]), streamPings: random.chance(0.8) },
    members,
    seeds: Math.min(members, random.between(3, 4)),
    tickMs: Math.max(1, Math.round(settings.gossipIntervalMs / 2)),
    garble: random.chance(0.3) ? 0.01 : 0,
  };
}

/** All times of a preset, longer or shorter. */
function scaled(preset: SwimSettings, factor: number): SwimSettings {
  const times = Object.entries(preset).map(([name, value]: readonly [string, number | boolean]) =>
    name.endsWith('Ms') && typeof value === 'number' ? [name, Math.round(value * factor)] : [name, value],
  );
  const settings = Object.fromEntries(times) as unknown as SwimSettings;
  // What waits for minutes would not be met in a run of one.
  const intervalMs = settings.probeIntervalMs;
  return {
    ...settings,
    pushPullIntervalMs: Math.min(settings.pushPullIntervalMs, 20 * intervalMs),
    reconnectIntervalMs: Math.min(settings.reconnectIntervalMs, 10 * intervalMs),
    deadNodeReclaimMs: Math.min(settings.deadNodeReclaimMs, 5 * intervalMs),
  };
}

function drawOperation(
  random: Random,
  kind: Exclude<SwimOperation['type'], 'start' | 'replace'>,
  { members, seeds }: SwimSetup,
  busyUs: number,
): readonly Timed[] {
  const atUs = random.below(Math.floor(busyUs * 0.9));
  const node = random.below(members);
  const leftMs = Math.floor((busyUs - atUs) / 1_000) - 1;
  const forMs = Math.min(leftMs, random.between(500, 20_000));
  switch (kind) {
    case 'leave':
    case 'down': {
      const away: Timed = { atUs, operation: { type: kind, node } };
      const backUs = atUs + random.between(200_000, 15_000_000);
      const back: Timed = { atUs: backUs, operation: { type: 'start', node } };
      const forGood = backUs >= busyUs || (node >= seeds && random.chance(0.3));
      // A seed that left would be away when all have to find each other.
      if (forGood && node < seeds) return [];
      return forGood ? [away] : [away, back];
    }
    case 'set': {
      const key = random.pick(['cores', 'load', 'zone']);
      const value = random.chance(0.15) ? undefined : String(random.below(1_000));
      return [{ atUs, operation: { type: 'set', node, key, value } }];
    }
    case 'stall':
    case 'cut-off':
      return [{ atUs, operation: { type: kind, node, forMs } }];
    case 'split': {
      const ways = random.between(2, 3);
      const parts = Array.from({ length: members }, () => random.below(ways));
      return [{ atUs, operation: { type: 'split', parts, forMs } }];
    }
    default:
      return unreachable(kind);
  }
}

function drawReplacement(random: Random, { members, seeds }: SwimSetup, by: number, busyUs: number): readonly Timed[] {
  if (members === seeds) return [];
  const node = random.between(seeds, members - 1);
  const rebuilt = random.chance(0.5);
  return [{ atUs: random.below(busyUs), operation: { type: 'replace', node, by, rebuilt } }];
}
