/**
 * The twin of the pool of threads, for tests that must run the same each time: functions run on the calling thread, one
 * after the other, on copies of their arguments. Nothing ends one that computes for ever.
 */
import { copied, toFailure } from './failure.js';
import type { OffloadPool } from './offloader.js';

/** A pool without threads. */
export const inlinePool: OffloadPool = {
  run: async (task, args) => {
    const copy: unknown = structuredClone(args);
    try {
      const value: unknown = await task.run(copy);
      return { value: copied(task.name, () => structuredClone(value)) };
    } catch (error) {
      return { failure: toFailure(error) };
    }
  },
  destroy: async () => {},
};
