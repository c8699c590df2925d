/**
 * Takes away the thread that ten thousand actors live on, by ending it or by holding it up, and measures the time until
 * each of them answers again at its address.
 */
import { ActorSystem } from '#runtime';
import { type Prepare, serve } from '../harness/program.js';
import { deadly, parent } from './executor-death-actors.js';

/** Short, so that the figure is the return and not the wait for certainty. */
const STALL_MS = 500;
const OPTIONS = { timeoutMs: Number.POSITIVE_INFINITY };

function loseThread(how: 'exit' | 'stall'): Prepare {
  return async ({ actors: count = 0 }) => {
    const endless = { maxRestarts: 1_000_000, withinMs: 1_000 };
    const system = await ActorSystem.create({
      executors: 2,
      modules: [new URL('./executor-death-actors.js', import.meta.url).href],
      log: { level: 'silent', format: 'json' },
      scheduling: { stallMs: STALL_MS },
      threadIntensity: endless,
      defaults: { supervision: endless },
    });
    const mother = await system.spawn(parent, undefined, { executor: 2 });
    const killer = await system.spawn(deadly, undefined, { executor: 1 });
    const made = await mother.call('make', { count, executor: 1 }, OPTIONS);
    if (made !== count) throw new Error(`${made} of ${count} actors started`);
    const lives = (): Promise<boolean> =>
      killer.call('ping').then(
        () => true,
        () => false,
      );
    return {
      run: async () => {
        const startMs = performance.now();
        await killer.call(how, undefined, OPTIONS).catch(() => {});
        const noticedMs = performance.now() - startMs;
        const operations = await mother.call('touch', undefined, OPTIONS);
        const ms = performance.now() - startMs;
        // The next round needs the killer, whose own restarts wait longer each time.
        while (!(await lives()));
        return { ms, operations, 'ms until noticed': noticedMs };
      },
      stop: () => system.shutdown(),
    };
  };
}

serve(import.meta.filename, { 'thread-ends': loseThread('exit'), 'thread-stuck': loseThread('stall') });
