/**
 * Draws a run of the whole cluster: how many nodes and voters, how all three protocols are set, what clients submit, and
 * the faults that know what hurts. Each seed is another cluster: one whose leases hardly outlive a round trip, another
 * whose children crash all the time.
 */
import type { ChildSpec } from '#protocols/supervisor/state';
import { type SupervisorSettings, supervisorSettings } from '#protocols/supervisor/settings';
import type { Settings } from '#protocols/raft/types';
import type { Random } from '../../testing/random.js';
import type { Knobs } from '../knobs.js';
import type { Planned } from '../model.js';
import type { DriverSetup } from '../raft/driver.js';
import { drawSetup as drawSwim, type SwimSetup } from '../swim/plan.js';

/** Of one run; plain data. */
export interface ClusterSetup {
  /** They are on the first places. */
  readonly voters: number;
  readonly children: readonly ChildSpec[];
  /** Clocks run as wrong as they may, half of them fast and half slow, and not somewhere in between. */
  readonly extremes: boolean;
  /** So many of the first nodes have the label that some children want. */
  readonly labelled: number;
  readonly raft: Omit<Settings, 'id'>;
  readonly driver: DriverSetup;
  readonly swim: SwimSetup;
  readonly supervisor: SupervisorSettings;
  /** Agents and leaders look at their clocks this often, in microseconds. */
  readonly agentUs: number;
  readonly clients: number;
  /** Share of what clients send, and of what they are sent, that is lost. */
  readonly clientLoss: number;
  /** A client that has no reply tries again after this time, and asks after its task as often, in microseconds. */
  readonly retryUs: number;
  /** A task takes up to so long, in microseconds. */
  readonly taskUs: number;
  /** Shares of tasks that crash their child, and that fail. */
  readonly crashing: number;
  readonly failing: number;
  /** A write to the outside that is late takes up to so long, in microseconds. */
  readonly lateUs: number;
}

/** Who is struck: whoever leads, or where a child runs. */
export type Target = { readonly type: 'leader' } | { readonly type: 'holder'; readonly child: string };

/** What clients and operators do, and faults that depend on what the cluster is at. */
export type ClusterOperation =
  | { readonly type: 'submit'; readonly client: number }
  | { readonly type: 'drain'; readonly place: number; readonly draining: boolean }
  | { readonly type: 'remove-child' | 'add-child'; readonly child: string }
  /** A machine dies, hangs, or is cut off, in which case its SWIM may be told. */
  | {
      readonly type: 'strike';
      readonly at: Target;
      readonly how: 'kill' | 'power' | 'hang' | 'cut' | 'cut and told';
      readonly forUs: number;
    }
  /** The leader and the node where a child runs are left alone with each other. */
  | { readonly type: 'strand'; readonly child: string; readonly forUs: number }
  /** The leader dies when it has next applied something like that. */
  | {
      readonly type: 'trap';
      readonly on: 'withdrawn' | 'placed' | 'accepted' | 'completed';
      readonly power: boolean;
      readonly forUs: number;
    };

type Timed = { readonly atUs: number; readonly operation: ClusterOperation };

/** The label that some children want of their node. */
export const LABEL = 'gpu';

/** Draws the cluster and what is asked of it before `untilUs`. */
export function drawPlan(random: Random, knobs: Knobs, untilUs: number): Planned<ClusterSetup, ClusterOperation> {
  const size = random.pick([3, 4, 5, 5, 6, 7]);
  const voters = size >= 5 && random.chance(0.4) ? 5 : 3;
  const spare = (voters - 1) >> 1;
  const setup = drawSetup(random, knobs, size, voters, spare);
  const operations = [
    ...drawSubmissions(random, setup, untilUs),
    ...drawChanges(random, setup, size, untilUs),
    ...drawStrikes(random, setup, untilUs),
  ];
  return { size, setup, operations: operations.toSorted((one, other) => one.atUs - other.atUs), spare };
}

function drawSetup(random: Random, knobs: Knobs, size: number, voters: number, spare: number): ClusterSetup {
  const labelled = random.between(spare + 1, size);
  const children = Array.from({ length: random.between(1, 6) }, (_, index) => ({
    name: `c${index + 1}`,
    required: random.chance(0.2) ? [LABEL] : [],
  }));
  const leaseMs = random.chance(0.5) ? random.between(150, 400) : random.between(400, 1_500);
  const agentUs = Math.round((leaseMs * 1_000) / random.pick([12, 20, 40]));
  return {
    voters,
    children,
    extremes: random.chance(0.4),
    labelled,
    raft: drawRaft(random, knobs),
    driver: {
      tickUs: random.between(8_000, 30_000),
      snapshotEntries: random.pick([8, 25, 100]),
      chunkBytes: random.pick([300, 4_096]),
      groupCommit: random.chance(0.7),
      earlySends: random.chance(0.7),
    },
    // Any of them may have lost its memory when another looks for it.
    swim: { ...drawSwim(random, knobs, size), seeds: size, garble: 0 },
    supervisor: supervisorSettings({
      leaseMs,
      stopMs: (1.2 * agentUs) / 1_000 + 5,
      // What the clocks of this world really do, and a little more.
      clockDrift: knobs.drift + 0.005,
      strategy: random.pick(['one-for-one', 'one-for-one', 'one-for-all', 'rest-for-one']),
      intensity: { maxRestarts: random.pick([1, 3, 10]), withinMs: random.between(500, 3_000) },
      backoff: { firstMs: random.pick([0, 10, 50]), maxMs: 400 },
      resumeMs: random.between(100, 1_000),
      tasksPerChild: random.pick([1, 3, 8]),
    }),
    agentUs,
    clients: random.between(2, 8),
    clientLoss: random.chance(0.6) ? random.next() / 2 ** 32 / 4 : 0,
    retryUs: random.between(60_000, 500_000),
    taskUs: random.pick([2_000, 50_000, 400_000]),
    crashing: random.chance(0.5) ? (random.next() / 2 ** 32) * 0.15 : 0,
    failing: random.chance(0.5) ? (random.next() / 2 ** 32) * 0.3 : 0,
    lateUs: random.pick([20_000, 500_000, 3_000_000]),
  };
}

function drawRaft(random: Random, knobs: Knobs): Omit<Settings, 'id'> {
  return {
    electionTicks: random.pick([5, 8, 10]),
    heartbeatTicks: 1,
    preVote: random.chance(0.7),
    checkQuorum: true,
    reads: random.chance(0.3) ? 'lease' : 'quorum',
    clockDrift: knobs.drift + 0.01,
    maxAppendBytes: random.pick([1, 1_000, 65_536]),
    maxInflight: random.pick([1, 8, 64]),
    maxInflightBytes: 1_048_576,
    maxUncommittedBytes: 4_194_304,
    maxApplyBytes: random.pick([1, 300, 1_048_576]),
    keepEntries: random.pick([0, 3, 20]),
    maxReads: 10_000,
  };
}

function drawSubmissions(random: Random, { clients }: ClusterSetup, untilUs: number): readonly Timed[] {
  const meanUs = random.between(60_000, 400_000);
  return drawTimes(random, meanUs, untilUs).map((atUs) => ({
    atUs,
    operation: { type: 'submit', client: random.below(clients) },
  }));
}

/** What operators ask for. */
function drawChanges(random: Random, { children }: ClusterSetup, size: number, untilUs: number): readonly Timed[] {
  if (random.chance(0.3)) return [];
  return drawTimes(random, random.between(700_000, 4_000_000), untilUs).map((atUs): Timed => {
    const { name } = random.pick(children);
    const what = random.below(10);
    if (what < 3) return { atUs, operation: { type: 'drain', place: random.below(size), draining: true } };
    if (what < 6) return { atUs, operation: { type: 'drain', place: random.below(size), draining: false } };
    return { atUs, operation: { type: what < 8 ? 'remove-child' : 'add-child', child: name } };
  });
}

/** Faults that strike where it hurts. */
function drawStrikes(random: Random, { children, supervisor }: ClusterSetup, untilUs: number): readonly Timed[] {
  if (random.chance(0.1)) return [];
  const leaseUs = supervisor.leaseMs * 1_000;
  return drawTimes(random, random.between(500_000, 4_000_000), untilUs).map((atUs): Timed => {
    // Around the length of a lease it is decided who may go on; much longer is an ordinary failure.
    const forUs = random.chance(0.6) ? random.between(1_000, 3 * leaseUs) : random.between(2 * leaseUs, 12 * leaseUs);
    const power = random.chance(0.5);
    if (random.chance(0.3)) {
      const on = random.pick(['withdrawn', 'withdrawn', 'placed', 'accepted', 'completed'] as const);
      return { atUs, operation: { type: 'trap', on, power, forUs } };
    }
    if (random.chance(0.15)) return { atUs, operation: { type: 'strand', child: random.pick(children).name, forUs } };
    const at: Target = random.chance(0.35) ? { type: 'leader' } : { type: 'holder', child: random.pick(children).name };
    const how = random.pick(['kill', 'power', 'hang', 'hang', 'cut', 'cut', 'cut and told'] as const);
    return { atUs, operation: { type: 'strike', at, how, forUs } };
  });
}

function drawTimes(random: Random, meanUs: number, untilUs: number): readonly number[] {
  const times: number[] = [];
  for (let atUs = 500_000; ; ) {
    atUs += Math.round(-Math.log((random.next() + 1) / 2 ** 32) * meanUs);
    if (!(atUs < untilUs)) return times;
    times.push(atUs);
  }
}
