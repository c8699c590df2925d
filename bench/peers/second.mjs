/** The second process of a peer, as `bench/programs/second.ts` is ours. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Starts `module` again in a process of its own, and resolves once it says that it is ready. */
export async function startSecond(module, args) {
  const child = fork(module, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const [said] = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => {
      throw new Error(`the second process ended with ${code} before it was ready`);
    }),
  ]);
  return {
    said,
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** In the second process: says that it is ready, and calls `end` once the first is gone. */
export function beSecond(end, says = 'ready') {
  process.once('disconnect', () => void Promise.resolve(end()).finally(() => process.exit()));
  process.send(says);
}

/** How many arrived. @throws Error when the numbers from 0 have not arrived once each. */
export function countOf({ count, sum }, wanted) {
  if (sum === (wanted * (wanted - 1)) / 2) return count;
  throw new Error(`${count} of ${wanted} arrived, with a wrong sum`);
}

/** The median and the tail of latencies in milliseconds, as the harness reports them. */
export function latencies(ms) {
  const sorted = Float64Array.from(ms).toSorted();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] * 1_000;
  return { 'p50 us': at(0.5), 'p99 us': at(0.99) };
}
