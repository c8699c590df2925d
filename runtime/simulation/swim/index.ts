/**
 * Two models of SWIM groups. The first has all faults that membership has to survive; in the second nodes hang for up to
 * half a minute and nothing else goes wrong, so that no healthy node may be suspected at all.
 */
import type { Model } from '../model.js';
import { Cluster } from './cluster.js';
import { drawPlan, drawStalls, type SwimOperation, type SwimSetup } from './plan.js';

const BUSY_US = 60_000_000;
const STALLS_US = 110_000_000;
const SETTLE_US = 150_000_000;

/** Groups of 3 to 50 nodes with every fault of the network and of processes. */
export const swimModel: Model<SwimSetup, SwimOperation> = {
  name: 'swim',
  about: 'SWIM membership with Lifeguard: joins, leaves, crashes, restarts, stalls, partitions, loss',
  faults: ['kill', 'power', 'pause', 'partition', 'oneway', 'bridge', 'clog', 'jump'],
  sometimes: [
    ...['join', 'suspect', 'alive', 'update', 'dead failed', 'dead left', 'conflict', 'left'],
    ...['lateAck', 'streamAck', 'relayedAck', 'nack', 'missedNack', 'lessHealthy', 'healthier', 'stall'],
    ...['confirmation', 'refutation', 'death', 'old', 'stray', 'malformed', 'reclaim', 'reconnect'],
    ...['gap', 'gapFilled', 'finished', 'piggybacked', '2-way partition', '3-way partition'],
  ],
  busyUs: BUSY_US,
  settleUs: SETTLE_US,
  plan: (random, knobs) => drawPlan(random, knobs, BUSY_US),
  start: (world, plan) => new Cluster(world, plan),
};

/** Groups in which nodes hang, come and go. */
export const swimStallModel: Model<SwimSetup, SwimOperation> = {
  name: 'swim-stall',
  about: 'SWIM membership while nodes hang for half a minute: no other is ever suspected',
  faults: [],
  sometimes: ['suspect', 'alive', 'dead failed', 'stall', 'refutation', 'nack'],
  busyUs: STALLS_US,
  settleUs: SETTLE_US,
  plan: (random, knobs) => drawStalls(random, knobs, STALLS_US),
  start: (world, plan) => new Cluster(world, plan),
};
