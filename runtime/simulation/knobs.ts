/**
 * How hard a simulated world is, drawn afresh for each seed: one world loses half of its packets, the next has a perfect
 * network and a treacherous disk. Runs that differ in kind find more than runs that are all equally bad (Groce et al.,
 * "Swarm testing", ISSTA 2012); the ranges are of the order of those of TigerBeetle's VOPR.
 */
import type { Random } from '../testing/random.js';

/** Rates and times of one world. Probabilities are 0 to 1, times in virtual microseconds. */
export interface Knobs {
  /** A packet takes at least this long. */
  readonly delayLeastUs: number;
  /** Mean of the exponential time that a packet takes above the least: what makes packets overtake each other. */
  readonly delayMeanUs: number;
  readonly loss: number;
  readonly duplication: number;
  /** Share of packets that take a hundred times the mean. */
  readonly straggling: number;
  /** Clocks of nodes go wrong by up to this share, fast or slow. */
  readonly drift: number;
  /** Clocks of nodes differ by up to this much at the start. */
  readonly offsetUs: number;
  /** A sync of a disk takes at least this long, and up to ten times as long. */
  readonly syncUs: number;
  /** A write that was not synced is torn at a power loss, rather than kept or lost as a whole. */
  readonly tearing: number;
  /** Records read after a restart that come back changed. */
  readonly corruption: number;
  /** Faults of a run: mean time from one to the next; infinity for none. */
  readonly faultMeanUs: number;
  /** Kinds of faults that this world has. */
  readonly faults: readonly FaultKind[];
}

/** Those of the knobs that are numbers and have a part in the run itself; the others only drew its faults. */
export const rates = [
  'delayLeastUs',
  'delayMeanUs',
  'loss',
  'duplication',
  'straggling',
  'drift',
  'offsetUs',
  'syncUs',
  'tearing',
  'corruption',
] as const satisfies readonly (keyof Knobs)[];

/** What may befall a world. */
export const faultKinds = [
  'kill',
  'power',
  'pause',
  'partition',
  'oneway',
  'bridge',
  'clog',
  'jump',
  'slowdisk',
  'fulldisk',
  'badsync',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** No fault of any kind: what a world is like at the end, when everything has to come right. */
export const calm: Knobs = {
  delayLeastUs: 200,
  delayMeanUs: 300,
  loss: 0,
  duplication: 0,
  straggling: 0,
  drift: 0,
  offsetUs: 0,
  syncUs: 500,
  tearing: 0,
  corruption: 0,
  faultMeanUs: Number.POSITIVE_INFINITY,
  faults: [],
};

/** What is not calm about a world, in words. */
export function describeKnobs(knobs: Knobs): string {
  const wild = rates.filter((rate) => knobs[rate] !== calm[rate]);
  return wild.length === 0 ? 'calm' : wild.map((rate) => `${rate} ${Number(knobs[rate].toPrecision(3))}`).join(', ');
}

/** Draws a world; `kinds` are those that the protocol under test is made to survive. */
export function drawKnobs(random: Random, kinds: readonly FaultKind[] = faultKinds): Knobs {
  const sometimes = (share: number, most: number): number =>
    (random.chance(share) ? random.next() / 2 ** 32 : 0) * most;
  return {
    delayLeastUs: random.between(50, 2_000),
    delayMeanUs: random.between(50, 10_000),
    loss: sometimes(0.6, 0.3),
    duplication: sometimes(0.5, 0.2),
    straggling: sometimes(0.4, 0.05),
    drift: sometimes(0.5, 0.1),
    offsetUs: random.chance(0.5) ? random.between(0, 3_600_000_000) : 0,
    syncUs: random.between(50, 5_000),
    tearing: sometimes(0.5, 0.5),
    corruption: random.chance(0.2) ? 0.02 : 0,
    faultMeanUs: random.between(100_000, 1_500_000),
    faults: kinds.filter(() => random.chance(0.6)),
  };
}
