/** How long are actors away when the thread that they live on dies, or is stuck and has to be ended? */
import { ActorSystem } from '#runtime';
import { deadly, parent } from './executor-death-actors.js';
import type { Contender, Question } from './harness.js';

/** Short, so that the figure is the return and not the wait for certainty. */
const STALL_MS = 500;
const OPTIONS = { timeoutMs: Number.POSITIVE_INFINITY };

export const executorDeath: Question = {
  name: 'executor-death',
  asks: 'How long from the end of a thread until every actor on it answers again at its address?',
  prepare: async (quick) => {
    const count = quick ? 1_000 : 10_000;
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
    const lose = async (how: 'exit' | 'stall'): Promise<number> => {
      const startMs = performance.now();
      await killer.call(how, undefined, OPTIONS).catch(() => {});
      return performance.now() - startMs;
    };
    const contender = (name: string, how: 'exit' | 'stall'): Contender => ({
      name,
      run: async () => {
        const startMs = performance.now();
        const foundMs = await lose(how);
        const answered = await mother.call('touch', undefined, OPTIONS);
        const ms = performance.now() - startMs;
        if (answered !== count) throw new Error(`${answered} of ${count} actors answered`);
        // The next round needs the killer, whose own restarts wait longer each time.
        while (
          !(await killer.call('ping').then(
            () => true,
            () => false,
          ))
        );
        return { ms, 'ms until noticed': foundMs, 'ms from there': ms - foundMs };
      },
    });
    return {
      contenders: [contender('thread ends', 'exit'), contender(`thread is stuck (limit ${STALL_MS} ms)`, 'stall')],
      rounds: quick ? 1 : 5,
      setting: `${count.toLocaleString('en')} actors on one of two executors, supervised from the other`,
      dispose: () => system.shutdown(),
    };
  },
};
