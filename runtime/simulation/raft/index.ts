/**
 * Raft under simulation: whole clusters with clients, operators, faults of machines, disks, networks and clocks, and all
 * invariants after every step. `raftModel` is what a campaign runs.
 */
import type { Model } from '../model.js';
import { Cluster } from './cluster.js';
import { milestones } from './milestones.js';
import { drawPlan, type RaftOperation, type RaftSetup } from './plan.js';

export { Cluster } from './cluster.js';
export { etcdTrace, type EtcdTraceOptions } from './etcd-trace.js';
export type { RaftOperation, RaftSetup } from './plan.js';

const BUSY_US = 8_000_000;

/** A replicated map of registers on 3 to 7 voters. */
export const raftModel: Model<RaftSetup, RaftOperation> = {
  name: 'raft',
  about: 'a replicated map with client sessions on 3 to 7 voters, learners and spare nodes',
  faults: [
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
  ],
  sometimes: milestones,
  busyUs: BUSY_US,
  settleUs: 120_000_000,
  plan: (random, knobs) => drawPlan(random, knobs, BUSY_US),
  start: (world, plan) => new Cluster(world, plan),
};
