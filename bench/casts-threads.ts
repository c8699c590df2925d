/** What does flow control cost between two threads, and what does a slow receiver cost its neighbours? */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ActorSystem } from '#runtime';
import { sink, slowSink, source } from './casts-actors.js';
import type { Contender, Question } from './harness.js';

export const castsThreads: Question = {
  name: 'casts-threads',
  asks: 'How many casts a second pass from one thread to another under flow control, beside one postMessage a message, and with a receiver beside that is too slow?',
  prepare: async (quick) => {
    const count = quick ? 20_000 : 1_000_000;
    const system = await ActorSystem.create({
      node: 'bench',
      executors: 2,
      modules: [new URL('./casts-actors.js', import.meta.url).href],
      freezeMessages: false,
    });
    return {
      contenders: [
        { name: 'postMessage, one a message', run: () => postMessages(count) },
        casts('casts', system, count, false),
        casts('casts, a slow receiver beside', system, count, true),
      ],
      rounds: quick ? 1 : 5,
      setting: `${count.toLocaleString('en')} small messages from one thread to another`,
      dispose: () => system.shutdown(),
    };
  },
};

/** Casts from one executor to another; with `slow` every tenth goes to an actor that takes about a thousand a second. */
function casts(name: string, system: ActorSystem, count: number, slow: boolean): Contender {
  return {
    name,
    run: async () => {
      const from = await system.spawn(source, undefined, { executor: 1 });
      const to = await system.spawn(sink, undefined, { executor: 2 });
      const beside = await system.spawn(slowSink, undefined, { executor: 2 });
      const started = performance.now();
      const message = { to: to.address, count, ...(slow ? { slow: beside.address } : {}) };
      await from.call('run', message, { timeoutMs: 120_000 });
      const ms = performance.now() - started;
      for (const { address } of [from, to, beside]) system.stopActor(address);
      return { ms, 'casts/s': (count / ms) * 1_000 };
    },
  };
}

/** The floor: one structured clone and one wake-up a message, as code without a runtime would send it. */
async function postMessages(count: number): Promise<{ readonly ms: number; readonly 'casts/s': number }> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    let seen = 0;
    parentPort.on('message', () => { seen += 1; if (seen === ${count}) parentPort.postMessage('done'); });
    parentPort.postMessage('ready');`;
  const worker = new Worker(code, { eval: true });
  await once(worker, 'message');
  const done = once(worker, 'message');
  const started = performance.now();
  for (let n = 0; n < count; n += 1) {
    worker.postMessage({ name: 'note', message: { n, text: 'a small message' } });
    // As an actor would, it lets its own loop turn now and then.
    if (n % 1_024 === 1_023) await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  const ms = performance.now() - started;
  await worker.terminate();
  return { ms, 'casts/s': (count / ms) * 1_000 };
}
