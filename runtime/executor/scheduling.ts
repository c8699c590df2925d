/** How the turns of an executor are shared between its actors, as options of a system. */
import { SkepError } from '#protocols/wire/error';

/** How turns are shared out. */
export interface Scheduling {
  /**
   * Messages of one actor in a row before the next actor has its turn, 1 to 10,000. Default 64. Actors whose messages
   * take long (20 microseconds and more on average) have one at a time whatever it says.
   */
  readonly throughput: number;
  /** Milliseconds of turns before the event loop (timers, frames of others, IO) has its turn, above 0, at most 1,000. Default 5. */
  readonly sliceMs: number;
}

export const DEFAULT_SCHEDULING: Scheduling = { throughput: 64, sliceMs: 5 };

/** Options with their defaults. @throws SkepError BAD_CONFIG when one is out of range. */
export function schedulingOf(options: Partial<Scheduling> = {}): Scheduling {
  const { throughput = DEFAULT_SCHEDULING.throughput, sliceMs = DEFAULT_SCHEDULING.sliceMs } = options;
  if (!Number.isInteger(throughput) || throughput < 1 || throughput > 10_000)
    throw outOfRange('throughput', throughput, 'a whole number from 1 to 10,000');
  if (!(sliceMs > 0 && sliceMs <= 1_000))
    throw outOfRange('sliceMs', sliceMs, 'milliseconds above 0 and at most 1,000');
  return { throughput, sliceMs };
}

function outOfRange(name: keyof Scheduling, value: number, expected: string): SkepError {
  const field = `scheduling.${name}`;
  return new SkepError('BAD_CONFIG', `${field} is ${value}: expected ${expected}`, { field });
}
