/**
 * PBFT under simulation: groups of 4 and 7 replicas of which up to f lie, collude, or run twice under one name, while
 * correct ones crash, restart from their disks and are cut off from each other. Worlds with more than f faulty replicas
 * are never planned, because nothing is claimed of them.
 */
import type { Random } from '../../testing/random.js';
import { faultKinds } from '../knobs.js';
import type { Model } from '../model.js';
import { Group } from './group.js';
import type { Cryptography } from './keys.js';
import { drawSetup, type Operation, type Setup } from './setup.js';

const BUSY_US = 15_000_000;

/** What a campaign has to have met: what the faulty did, and what the correct had to do about it. */
const sometimes = [
  ...['request answered', 'client asked everybody', 'batch of many', 'checkpoint stable', 'state restored'],
  ...['view change', 'timeout doubled', 'view entered', 'null request committed', 'restarted from disk'],
  ...['promise repeated after a restart', 'confusing client', 'correct replicas cut in halves'],
  ...['forged message dropped', 'forged reply dropped', 'malformed packet dropped'],
  ...[
    'refused proposal: conflict',
    'refused proposal: digest',
    'refused proposal: watermark',
    'refused proposal: view',
  ],
  ...['refused prepare: role', 'refused prepare: duplicate', 'refused prepare: watermark', 'refused commit: view'],
  ...['refused checkpoint: watermark', 'refused view-change: invalid', 'refused new-view: invalid'],
  ...['refused transfer: digest', 'refused transfer: invalid', 'refused batch: unwanted', 'refused request: stale'],
  ...['lie: equivocation', 'lie: silence', 'lie: silent primary', 'lie: commit withheld', 'lie: one side only'],
  ...['lie: replay', 'lie: forged sender', 'lie: noise', 'lie: flood', 'lie: hasty vote', 'lie: wrong digest'],
  ...['lie: invented request', 'lie: bad batch', 'lie: bad state', 'lie: false reply', 'lie: mutation'],
  ...['lie: false checkpoint', 'lie: prepared batches hidden', 'lie: stale checkpoint in a view-change'],
  ...[
    'lie: false certificate',
    'lie: view-change without a reason',
    'lie: bad new-view',
    'lie: two new-views',
    'lie: one side courted',
  ],
];

/**
 * The model with the given cryptography: a keyed hash is fast, Ed25519 is what a driver in production has. `busyUs` is
 * how long faults and operations go on.
 */
export function pbftModelWith(cryptography: Cryptography, busyUs = BUSY_US): Model<Setup, Operation> {
  return {
    name: 'pbft',
    about: 'PBFT groups of 4 and 7 replicas with up to f liars, twins, crashes and partitions',
    faults: faultKinds,
    sometimes,
    busyUs,
    settleUs: 120_000_000,
    plan: (random: Random) => drawSetup(random, busyUs, cryptography),
    start: (world, { setup }) => new Group(world, setup),
  };
}

export const pbftModel = pbftModelWith('keyed hash');
