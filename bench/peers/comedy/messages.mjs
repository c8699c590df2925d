/**
 * The peer of `bench/programs/messages.ts` across threads in comedy: one actor in mode `threaded`, casts are `send` and
 * calls are `sendAndReceive`. The promise of `send` says that a message has left; a sender waits for a batch of them.
 */
import actors from 'comedy';
import { callAll, expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

const TEXT = 'a small message';
const BATCH = 1_024;

async function start() {
  // Silent: `test` is how comedy turns its logging off.
  const system = actors.createSystem({ test: true });
  const root = await system.rootActor();
  // A path from the folder that has node_modules.
  const actor = await root.createChild('/comedy/sink.cjs', { mode: 'threaded' });
  const stop = async () => {
    await system.destroy();
    // It keeps a handle of the destroyed thread, which would keep this process.
    process.exit(0);
  };
  return { actor, stop };
}

async function send(actor, count) {
  for (let sent = 0; sent < count; ) {
    const batch = [];
    for (; batch.length < BATCH && sent < count; sent += 1) batch.push(actor.send('note', { n: sent, text: TEXT }));
    await Promise.all(batch);
  }
}

async function casts({ senders = 1 }) {
  const { actor, stop } = await start();
  return {
    run: async ({ messages }) => {
      const count = messages / senders;
      const startMs = performance.now();
      await Promise.all(Array.from({ length: senders }, () => send(actor, count)));
      // comedy keeps no order, so a question may be answered before the casts that went before it.
      while ((await actor.sendAndReceive('arrived')) < messages);
      const ms = performance.now() - startMs;
      const taken = await actor.sendAndReceive('take');
      expectSum(taken.sum, senders * sumBelow(count));
      return { ms, operations: taken.count };
    },
    stop,
  };
}

async function calls({ callers = 1 }) {
  const { actor, stop } = await start();
  const call = (n) => actor.sendAndReceive('add', { n });
  return {
    run: async ({ calls: wanted }) => {
      const startMs = performance.now();
      const [latency] = await Promise.all(Array.from({ length: callers }, () => callAll(wanted / callers, call)));
      const ms = performance.now() - startMs;
      const { count } = await actor.sendAndReceive('take');
      return { ms, operations: count, ...(callers === 1 ? latency : {}) };
    },
    stop,
  };
}

await serve('comedy', { cast: casts, call: calls });
