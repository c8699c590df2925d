/**
 * For how long a thread has wanted a core and got none. On a machine with more work than cores a thread may stand still
 * through no fault of its own, and from outside it looks like one that is stuck; the kernel knows the difference. Linux
 * says so in `/proc`; where nothing does, the answer is 0 and a thread has the time that the clock gives it.
 */
import { readFileSync, readlinkSync } from 'node:fs';

const NS_PER_MS = 1_000_000;

/** The number that the system knows the calling thread by; 0 when it does not say. */
export function ownThreadNumber(): number {
  try {
    // A link such as `4711/task/4713`.
    return Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Milliseconds for which a thread of this process was ready to run and had to wait, since it began. */
export function cpuWaitMs(threadNumber: number): number {
  if (threadNumber === 0) return 0;
  try {
    // Nanoseconds on a core, nanoseconds of waiting for one, and how often it got one.
    const [, waitedNs = '0'] = readFileSync(`/proc/self/task/${threadNumber}/schedstat`, 'latin1').split(' ');
    return Number(waitedNs) / NS_PER_MS;
  } catch {
    return 0;
  }
}
