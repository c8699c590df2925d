/**
 * Draws a run of the Raft cluster: how many nodes, how they are set, and what clients and operators ask of them. Each
 * seed is another kind of cluster, from one that hardly ever compacts its log to one that hardly ever keeps any of it.
 */
import type { SessionLimits } from '#protocols/raft/sessions';
import type { Settings } from '#protocols/raft/types';
import type { MapInput } from '../../testing/linearizability/index.js';
import type { Random } from '../../testing/random.js';
import type { Knobs } from '../knobs.js';
import type { Planned } from '../model.js';
import type { Mischief } from './mischief.js';

/** Settings of a cluster and of its drivers. */
export interface RaftSetup {
  /** Places of the first voters are 0 to `voters - 1`, those of the first learners follow, the rest are spare. */
  readonly voters: number;
  readonly learners: number;
  /** Length of a tick, in microseconds of the clock of a node. */
  readonly tickUs: number;
  readonly settings: Omit<Settings, 'id'>;
  readonly sessions: SessionLimits;
  /** A driver takes a snapshot after so many entries. */
  readonly snapshotEntries: number;
  /** Bytes of a snapshot in one message. */
  readonly chunkBytes: number;
  /** All that waits to be persisted is synced at once. */
  readonly groupCommit: boolean;
  /** Sends that need not wait for the disk do not. */
  readonly earlySends: boolean;
  readonly clients: number;
  readonly keys: number;
  /** Share of requests and of replies of clients that are lost. */
  readonly clientLoss: number;
  /** A client that has no reply tries again after this time, in microseconds. */
  readonly retryUs: number;
}

/** What a client or an operator does. Places are numbers of nodes in the world. */
export type RaftOperation =
  /** `via`: through the log, or by a read that is not logged. A busy client gives up what it was at, or ignores it. */
  | {
      readonly type: 'call';
      readonly client: number;
      readonly input: MapInput;
      readonly via: 'log' | 'read';
      /** The place that is called first; undefined for the one that answered last. */
      readonly at: number | undefined;
      readonly giveUp: boolean;
    }
  /** `place` is brought in, made a voter or a learner, or taken out; `instead` is taken out in the same step. */
  | {
      readonly type: 'change';
      readonly what: 'add-voter' | 'add-learner' | 'remove';
      readonly place: number;
      readonly instead: number | undefined;
      readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit';
    }
  | { readonly type: 'leave-joint' }
  | { readonly type: 'transfer'; readonly to: number }
  /** The disk of the place is lost; it comes back under another id. */
  | { readonly type: 'wipe'; readonly place: number }
  | { readonly type: 'campaign'; readonly place: number }
  | { readonly type: 'forget-leader'; readonly place: number }
  | Mischief;

type Drawn = { readonly atUs: number; readonly operation: RaftOperation };

/** Draws the cluster and what is asked of it before `untilUs`. */
export function drawPlan(random: Random, knobs: Knobs, untilUs: number): Planned<RaftSetup, RaftOperation> {
  const changing = random.chance(0.5);
  const voters = random.pick([3, 3, 5, 5, 5, 5, 5, 7]);
  const learners = random.chance(0.3) ? random.between(1, 2) : 0;
  const spares = changing ? random.between(1, 2) : 0;
  const size = Math.min(9, voters + learners + spares);
  const setup = drawSetup(random, knobs, voters, Math.min(learners, size - voters));
  const operations = [
    ...drawCalls(random, setup, size, untilUs),
    ...(changing ? drawChanges(random, size, untilUs) : []),
    ...drawNudges(random, setup, size, untilUs),
    ...drawMischief(random, size, untilUs),
  ];
  // Where members come and go it depends on the time which nodes can be done without.
  return { size, setup, operations, spare: changing ? 0 : (voters - 1) >> 1 };
}

function drawSetup(random: Random, knobs: Knobs, voters: number, learners: number): RaftSetup {
  const checkQuorum = random.chance(0.8);
  const small = random.chance(0.3);
  const electionTicks = random.pick([4, 6, 8, 10, 14]);
  return {
    voters,
    learners,
    tickUs: random.between(8_000, 40_000),
    settings: {
      electionTicks,
      heartbeatTicks: random.between(1, Math.min(3, electionTicks - 1)),
      preVote: random.chance(0.7),
      checkQuorum,
      reads: checkQuorum && random.chance(0.4) ? 'lease' : 'quorum',
      // What the clocks of this world really do, and a little more.
      clockDrift: knobs.drift + 0.01,
      maxAppendBytes: random.pick([1, 200, 1_000, 65_536]),
      maxInflight: random.pick([1, 2, 8, 64]),
      maxInflightBytes: random.pick([500, 1_048_576]),
      maxUncommittedBytes: small ? random.between(100, 400) : 4_194_304,
      maxApplyBytes: random.pick([1, 300, 1_048_576]),
      keepEntries: random.pick([0, 3, 20]),
      maxReads: random.pick([2, 10_000]),
    },
    sessions: { maxSessions: random.chance(0.2) ? 3 : 1_000, maxReplies: 4 },
    snapshotEntries: random.pick([5, 10, 30, 200]),
    chunkBytes: random.pick([64, 300, 4_096]),
    groupCommit: random.chance(0.7),
    earlySends: random.chance(0.7),
    clients: random.between(2, 6),
    keys: random.between(1, 4),
    clientLoss: random.chance(0.6) ? random.next() / 2 ** 32 / 4 : 0,
    retryUs: random.between(100_000, 800_000),
  };
}

function drawCalls(random: Random, { clients, keys }: RaftSetup, size: number, untilUs: number): readonly Drawn[] {
  const meanUs = random.between(10_000, 80_000);
  const reading = random.next() / 2 ** 32;
  let number = 0;
  return drawTimes(random, meanUs, untilUs).map((atUs) => {
    number += 1;
    const key = `k${random.below(keys)}`;
    const via = random.chance(reading) ? 'read' : 'log';
    const input = via === 'read' ? ({ type: 'read', key } as const) : drawInput(random, key, number);
    const client = random.below(clients);
    // Reads go anywhere, commands where the leader was last; sometimes the other way round.
    const anywhere = (via === 'read') !== random.chance(0.2);
    const at = anywhere ? random.below(size) : undefined;
    return { atUs, operation: { type: 'call', client, input, via, at, giveUp: random.chance(0.1) } };
  });
}

function drawInput(random: Random, key: string, number: number): MapInput {
  const what = random.below(10);
  if (what === 0) return { type: 'read', key };
  if (what < 7) return { type: 'write', key, value: number };
  return { type: 'cas', key, from: random.chance(0.3) ? null : Math.max(1, number - random.below(20)), to: number };
}

function drawChanges(random: Random, size: number, untilUs: number): readonly Drawn[] {
  return drawTimes(random, random.between(300_000, 1_500_000), untilUs).map((atUs) => {
    const place = random.below(size);
    if (random.chance(0.1)) return { atUs, operation: { type: 'wipe', place } };
    if (random.chance(0.2)) return { atUs, operation: { type: 'leave-joint' } };
    const what = random.pick(['add-voter', 'add-voter', 'add-learner', 'remove'] as const);
    const instead = random.chance(0.4) ? random.below(size) : undefined;
    const transition = random.pick(['auto', 'auto', 'joint-implicit', 'joint-explicit'] as const);
    return { atUs, operation: { type: 'change', what, place, instead, transition } };
  });
}

/** What operators do now and then, and what nobody should need to do. */
function drawNudges(random: Random, { settings }: RaftSetup, size: number, untilUs: number): readonly Drawn[] {
  if (random.chance(0.4)) return [];
  return drawTimes(random, random.between(500_000, 3_000_000), untilUs).map((atUs) => {
    const place = random.below(size);
    const what = random.below(8);
    if (what === 0) return { atUs, operation: { type: 'campaign', place } };
    if (what === 1 && settings.reads === 'quorum') return { atUs, operation: { type: 'forget-leader', place } };
    return { atUs, operation: { type: 'transfer', to: place } };
  });
}

/** Faults that strike where it hurts. */
function drawMischief(random: Random, size: number, untilUs: number): readonly Drawn[] {
  if (random.chance(0.3)) return [];
  return drawTimes(random, random.between(150_000, 1_500_000), untilUs).map((atUs) => {
    // Most are back before the others have noticed, so that they are asked again in the same term.
    const forUs = random.chance(0.7) ? random.between(1_000, 40_000) : random.between(40_000, 1_500_000);
    const power = random.chance(0.7);
    const what = random.below(10);
    if (what < 2) return { atUs, operation: { type: 'strike', power, forUs } };
    if (what < 5) {
      const places = Array.from({ length: random.below(3) }, () => random.below(size));
      return { atUs, operation: { type: 'strand', places, forUs: random.between(100_000, 2_000_000) } };
    }
    if (what < 6) return { atUs, operation: { type: 'trap-joint', power, forUs } };
    const on = random.pick(['vote', 'vote-response', 'append', 'append-response', 'snapshot-response', 'timeout-now'] as const);
    return { atUs, operation: { type: 'trap', on, power, forUs } };
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
