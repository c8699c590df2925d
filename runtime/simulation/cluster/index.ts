/**
 * The whole cluster under simulation: SWIM, Raft and placement, joined by a replicated supervisor, with everything that
 * befalls machines, disks, networks and clocks. `clusterModel` is what a campaign runs.
 */
import type { Model } from '../model.js';
import { Cluster } from './cluster.js';
import { milestones } from './milestones.js';
import { type ClusterOperation, type ClusterSetup, drawPlan } from './plan.js';

const BUSY_US = 8_000_000;

/** A replicated supervisor over 3 to 7 nodes, 3 or 5 of which vote. */
export const clusterModel: Model<ClusterSetup, ClusterOperation> = {
  name: 'cluster',
  about: 'a replicated supervisor on 3 to 7 nodes: SWIM, Raft, leases, placement, a ledger of tasks',
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
  settleUs: 150_000_000,
  plan: (random, knobs) => drawPlan(random, knobs, BUSY_US),
  start: (world, plan) => new Cluster(world, plan),
};
