/**
 * How a quorum store is set up, what the numbers promise, and what is refused because it would promise nothing.
 */
import { SkepError } from '../wire/error.js';

/** Times are in ticks of the driver. */
export interface QuorumSettings {
  /** Replicas of each key. Default 3. */
  readonly n: number;
  /** Replicas that answer before a read is answered. Default 2. */
  readonly r: number;
  /** Replicas that have a write on their disks before it is acknowledged. Default 2. */
  readonly w: number;
  /** Whether R + W <= N is meant. Default false: it is refused. */
  readonly weak: boolean;
  /**
   * Whether nodes further along the ring stand in for replicas that do not answer. Writes then go on in more cases, and
   * a read need not see them: what was read or written with a stand-in is labelled `sloppy`. Default false.
   */
  readonly sloppy: boolean;
  /** After this an operation has failed, or has told its client and leaves hints for who is missing. Default 20. */
  readonly timeoutTicks: number;
  /** Time between two requests to a replica that does not answer. Default 4. */
  readonly retryTicks: number;
  /** After this a stand-in is asked, in a sloppy quorum. Default 8; below `timeoutTicks`. */
  readonly fallbackTicks: number;
  /** Time between two comparisons with some other replica. Default 50. */
  readonly syncTicks: number;
  /** Time between two attempts to deliver hints to a node. Default 10. */
  readonly hintTicks: number;
  /** Hints that a node keeps at most; what is beyond them is left to anti-entropy. Default 10,000. */
  readonly maxHints: number;
  /**
   * Time that a tombstone stays at every replica before it is collected. It has to exceed the longest life of a message,
   * with the time that it waits in a node that hangs: an older value that arrives later would be taken for new.
   * Default 6,000.
   */
  readonly graceTicks: number;
  /** Operations that a node coordinates at once; what is beyond them is refused. Default 10,000. */
  readonly maxOperations: number;
  /** Records in one message of anti-entropy, and keys in one comparison. Default 128. */
  readonly batch: number;
}

/** What reads and writes of a store promise; neither is linearizable. */
export type Consistency =
  /** A read sees every write that was acknowledged before it began, or what supersedes it (Lamport's regular register). */
  | 'regular'
  /** A read may miss writes; in the end all replicas agree. */
  | 'eventual';

const defaults: QuorumSettings = {
  n: 3,
  r: 2,
  w: 2,
  weak: false,
  sloppy: false,
  timeoutTicks: 20,
  retryTicks: 4,
  fallbackTicks: 8,
  syncTicks: 50,
  hintTicks: 10,
  maxHints: 10_000,
  graceTicks: 6_000,
  maxOperations: 10_000,
  batch: 128,
};

/** @throws SkepError BAD_CONFIG when the numbers contradict each other, or R + W <= N without `weak`. */
export function quorumSettings(options: Partial<QuorumSettings> = {}): QuorumSettings {
  const settings = { ...defaults, ...options };
  const { n, r, w } = settings;
  for (const name of ['n', 'r', 'w', 'timeoutTicks', 'retryTicks', 'fallbackTicks', 'syncTicks'] as const)
    atLeast(settings, name, 1);
  for (const name of ['hintTicks', 'graceTicks', 'maxOperations', 'batch'] as const) atLeast(settings, name, 1);
  atLeast(settings, 'maxHints', 0);
  if (r > n || w > n) throw bad(`r is ${r} and w is ${w}: expected neither above n, which is ${n}`, { n, r, w });
  if (r + w <= n && !settings.weak)
    throw bad(`r + w is ${r + w}: expected more than n, which is ${n}, or weak: true if reads may miss writes`, {
      n,
      r,
      w,
    });
  if (settings.fallbackTicks >= settings.timeoutTicks)
    throw bad(`fallbackTicks is ${settings.fallbackTicks}: expected less than timeoutTicks`, {});
  return settings;
}

/** What a store with these settings promises. */
export function consistencyOf({ n, r, w, sloppy }: QuorumSettings): Consistency {
  return r + w > n && !sloppy ? 'regular' : 'eventual';
}

function atLeast(settings: QuorumSettings, name: keyof QuorumSettings, least: number): void {
  const value = settings[name];
  if (!Number.isSafeInteger(value) || Number(value) < least)
    throw bad(`${name} is ${String(value)}: expected a whole number from ${least}`, { name });
}

function bad(message: string, facts: Readonly<Record<string, unknown>>): SkepError {
  return new SkepError('BAD_CONFIG', message, facts);
}
