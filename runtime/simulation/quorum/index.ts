/**
 * The quorum store under simulation: nodes on a ring that joins and leaves, clients that read and write with contexts,
 * disks that are lost and rot.
 *
 * Looked at after every event: reads are regular (of R + W > N without stand-ins), what is acknowledged is on W disks,
 * records never regress, siblings are concurrent, nothing vanishes that nobody superseded, no dot names two writes,
 * tombstones stay while a replica has what they delete and what was collected does not come back, hints are bounded and given up
 * only when they are delivered.
 * At the end: all replicas of a key are equal byte by byte, hash trees are equal, all hints are delivered, tombstones
 * are collected, nothing acknowledged is lost, and every key can be read.
 */
import type { Model } from '../model.js';
import { QuorumSimulation } from './simulation.js';
import { BUSY_US, drawQuorumPlan, type QuorumOperation, type QuorumSetup } from './plan.js';

/** A store of replicated keys by quorums over a hash ring. */
export const quorumModel: Model<QuorumSetup, QuorumOperation> = {
  name: 'quorum',
  about: 'keys replicated over a hash ring, read and written by quorums (Dynamo)',
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
  sometimes: [
    'write acknowledged',
    'write failed',
    'read answered',
    'read failed',
    'redirected',
    'deleted',
    'siblings returned',
    'read repair',
    'hint kept',
    'hint delivered',
    'hint refused',
    'stand-in asked',
    'sloppy quorum',
    'merkle repair',
    'quorum failed',
    'range moved',
    'ring adopted',
    'joined and left at once',
    'ring committed',
    'disk lost',
    'record rotten',
    'recovered',
    'tombstone collected',
    'record corrupted',
    'write torn',
    'unsynced write lost',
  ],
  busyUs: BUSY_US,
  settleUs: 400_000_000,
  plan: drawQuorumPlan,
  start: (world, plan) => new QuorumSimulation(world, plan),
};
