/**
 * Sizes, limits and times of a PBFT group: the paper's n, f, K and L, and what the paper leaves to whoever builds it.
 * Time is counted in ticks, so that a group has one clock rate to agree upon and the core has no clock.
 */
import { SkepError } from '../wire/error.js';

/** Replicas are numbered from 0 to n - 1; the primary of view v is replica v mod n (OSDI 1999, section 4.2). */
export type ReplicaId = number;

/** Name of a client. Its public key is known to all replicas. */
export type ClientId = string;

/** SHA-256 in hexadecimal, or another hash that nobody can collide. Injected: the core does no cryptography. */
export type Digest = (bytes: Uint8Array) => string;

/** What all replicas of a group agree upon before they start. */
export interface PbftSettings {
  /** Replicas: n = 3f + 1. */
  readonly replicas: number;
  /** K: a checkpoint is taken when a sequence number divisible by this is executed. Default 128. */
  readonly checkpointEvery: number;
  /** L: the high water mark is the last stable checkpoint plus this; a multiple of K, at least 2K. Default 256. */
  readonly logSize: number;
  /** Requests in one batch, at most. Default 64. */
  readonly maxBatch: number;
  /** Batches that a primary has under way at once; requests that come meanwhile share the next batch. Default 4. */
  readonly pipeline: number;
  /** Clients whose requests wait at a replica, at most; each has one request waiting. Default 10,000. */
  readonly maxWaiting: number;
  /** Bytes of one operation, at most. Default 64 KiB. */
  readonly maxOperationBytes: number;
  /** T: ticks that a replica waits for the execution of a request before it asks for another view. Default 50. */
  readonly timeoutTicks: number;
  /** The timeout doubles with each view that executes nothing, up to this. Default 50 * 2^6. */
  readonly maxTimeoutTicks: number;
  /** Ticks from one status message to the next while something is missing. Default 10. */
  readonly statusTicks: number;
  /** Messages sent again in answer to one status message, at most. Default 32. */
  readonly burst: number;
}

const defaults: PbftSettings = {
  replicas: 4,
  checkpointEvery: 128,
  logSize: 256,
  maxBatch: 64,
  pipeline: 4,
  maxWaiting: 10_000,
  maxOperationBytes: 65_536,
  timeoutTicks: 50,
  maxTimeoutTicks: 3_200,
  statusTicks: 10,
  burst: 32,
};

/**
 * Settings with defaults for what is left out.
 * @throws SkepError BAD_USAGE naming what does not fit.
 */
export function pbftSettings(given: Partial<PbftSettings> & { readonly replicas: number }): PbftSettings {
  const settings = { ...defaults, ...given };
  for (const [name, value] of Object.entries(settings))
    if (!Number.isSafeInteger(value) || value < 1) refuse(name, value, 'a whole number above 0');
  const { replicas, checkpointEvery, logSize, timeoutTicks, maxTimeoutTicks } = settings;
  // With n between two values of 3f + 1 the quorum 2f + 1 is too small: two quorums may share only faulty replicas.
  if (replicas % 3 !== 1) refuse('replicas', replicas, '3f + 1: 1, 4, 7, 10...');
  if (logSize % checkpointEvery !== 0 || logSize < 2 * checkpointEvery)
    refuse('logSize', logSize, `a multiple of checkpointEvery (${checkpointEvery}), at least twice as much`);
  if (maxTimeoutTicks < timeoutTicks) refuse('maxTimeoutTicks', maxTimeoutTicks, `at least ${timeoutTicks}`);
  return settings;
}

function refuse(name: string, value: number, expected: string): never {
  throw new SkepError('BAD_USAGE', `${name} is ${value}: expected ${expected}`, { [name]: value });
}

/** f: how many replicas may be faulty. */
export function faulty({ replicas }: PbftSettings): number {
  return (replicas - 1) / 3;
}

/** 2f + 1: any two quorums have a correct replica in common, and the correct replicas alone are one. */
export function quorum(settings: PbftSettings): number {
  return 2 * faulty(settings) + 1;
}

/** f + 1: one of them is correct. The paper's weak certificate. */
export function weak(settings: PbftSettings): number {
  return faulty(settings) + 1;
}

/** The primary of a view. */
export function primaryOf({ replicas }: PbftSettings, view: number): ReplicaId {
  return view % replicas;
}
