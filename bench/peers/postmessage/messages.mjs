/**
 * The peer of `bench/programs/messages.ts` across threads that has no runtime: one `postMessage` a message between the
 * main thread and a Worker. It is the floor: one structured clone and at most one wake-up each, and no flow control.
 */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { callAll, expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

const TEXT = 'a small message';
/** Messages after which a sender lets its own loop turn, as an actor would. */
const BURST = 1_024;
const WINDOW = 64;

async function start() {
  const worker = new Worker(new URL('worker.mjs', import.meta.url));
  await once(worker, 'online');
  return worker;
}

async function ask(port, type) {
  const answered = once(port, 'message');
  port.postMessage({ type });
  const [answer] = await answered;
  return answer;
}

async function send(port, count) {
  for (let n = 0; n < count; n += 1) {
    port.postMessage({ type: 'note', n, text: TEXT });
    if (n % BURST === BURST - 1) await turn();
  }
  await ask(port, 'reached');
}

/** Each further sender has a channel of its own. */
async function casts({ senders = 1 }) {
  const worker = await start();
  const ports = senders === 1 ? [worker] : Array.from({ length: senders }, () => channelTo(worker));
  return {
    run: async ({ messages }) => {
      const count = messages / senders;
      const startMs = performance.now();
      await Promise.all(ports.map((port) => send(port, count)));
      const ms = performance.now() - startMs;
      const taken = await ask(worker, 'take');
      expectSum(taken.sum, senders * sumBelow(count));
      return { ms, operations: taken.count };
    },
    stop: () => worker.terminate(),
  };
}

function channelTo(worker) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'port', port: port2 }, [port2]);
  return port1;
}

/** Calls are told apart by an id, as many may be open. */
async function calls({ callers = 1 }) {
  const worker = await start();
  const open = new Map();
  worker.on('message', ({ id, n }) => {
    open.get(id)?.(n);
    open.delete(id);
  });
  let last = 0;
  const call = (n) =>
    new Promise((resolve) => {
      const id = (last += 1);
      open.set(id, resolve);
      worker.postMessage({ type: 'add', id, n });
    });
  return {
    run: async ({ calls: wanted }) => {
      const startMs = performance.now();
      const [latency] = await Promise.all(Array.from({ length: callers }, () => callAll(wanted / callers, call)));
      const ms = performance.now() - startMs;
      const { count } = await ask(worker, 'take');
      return { ms, operations: count, ...(callers === 1 ? latency : {}) };
    },
    stop: () => worker.terminate(),
  };
}

async function bounces() {
  const worker = await start();
  return {
    run: async ({ bounces: wanted }) => {
      let here = 0;
      const startMs = performance.now();
      await new Promise((resolve) => {
        const back = ({ left }) => {
          here += 1;
          if (left > 0) worker.postMessage({ type: 'ball', left: left - 1 });
          else {
            worker.off('message', back);
            resolve();
          }
        };
        worker.on('message', back);
        worker.postMessage({ type: 'ball', left: wanted - 1 });
      });
      const ms = performance.now() - startMs;
      const { count } = await ask(worker, 'take');
      return { ms, operations: here + count };
    },
    stop: () => worker.terminate(),
  };
}

async function streams() {
  const worker = await start();
  return {
    run: async ({ values }) => {
      let count = 0;
      let sum = 0;
      const startMs = performance.now();
      for await (const n of read(worker, values)) {
        count += 1;
        sum += n;
      }
      const ms = performance.now() - startMs;
      expectSum(sum, sumBelow(values));
      return { ms, operations: count };
    },
    stop: () => worker.terminate(),
  };
}

/** Reads under a window; half of it read gives credit for as much. */
async function* read(worker, values) {
  let waiting = [];
  let wake = () => {};
  let ended = false;
  const take = (message) => {
    if (message.type === 'end') ended = true;
    else waiting.push(message.n);
    wake();
  };
  worker.on('message', take);
  worker.postMessage({ type: 'read', values, credit: WINDOW });
  try {
    for (let unreported = 0; !ended || waiting.length > 0; ) {
      if (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
      const taken = waiting;
      waiting = [];
      for (const n of taken) {
        yield n;
        unreported += 1;
        if (unreported < WINDOW / 2) continue;
        worker.postMessage({ type: 'more', credit: unreported });
        unreported = 0;
      }
    }
  } finally {
    worker.off('message', take);
  }
}

await serve('node', { cast: casts, call: calls, bounce: bounces, stream: streams });
