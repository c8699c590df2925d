/** The pool of threads behind offloaded functions. It is loaded by those who offload only: it costs an executor its start. */
import { deserialize } from 'node:v8';
import { ThreadPool } from '../executor/pool.js';
import type { OffloadLimits, OffloadPool } from './offloader.js';
import type { OffloadOutcome, OffloadWork } from './worker.js';

/** Makes a pool; its threads start on demand. */
export function offloadThreads({ threads, idleMs }: OffloadLimits): OffloadPool {
  const module = new URL('./worker.js', import.meta.url);
  const pool = new ThreadPool<OffloadWork, OffloadOutcome>({
    module,
    minThreads: 0,
    maxThreads: threads,
    idleMs,
    heapMb: undefined,
  });
  return {
    run: async (task, args, { transfer = [] }, signal) => {
      const outcome = await pool.run({ module: task.module, name: task.name, args }, transfer, signal);
      if ('failure' in outcome) return outcome;
      return { value: 'serialised' in outcome ? (deserialize(outcome.serialised) as unknown) : outcome };
    },
    destroy: () => pool.destroy(),
  };
}
