/**
 * The floor of what passes between two threads: one postMessage a message, copied by structured clone, as code without a
 * runtime would send it. The sender lets its own loop turn now and then, as an actor does.
 */
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { serve } from '../serve.mjs';

const IN_TURN = 1_024;

async function messages() {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  return {
    run: ({ messages: count, bytes, casts }) => run(worker, count, bytes, casts ?? IN_TURN),
    stop: () => worker.terminate(),
  };
}

async function run(worker, count, bytes, inTurn) {
  const data = new Uint8Array(bytes).fill(7);
  worker.postMessage({ expect: count });
  await once(worker, 'message');
  const done = once(worker, 'message');
  const startMs = performance.now();
  let left = inTurn;
  for (let sent = 0; sent < count; sent += 1) {
    worker.postMessage({ name: 'note', message: { data } });
    left -= 1;
    if (left > 0) continue;
    await nextTurn();
    left = inTurn;
  }
  const [{ seen, sum }] = await done;
  const ms = performance.now() - startMs;
  if (sum !== count * bytes) throw new Error(`got ${sum} bytes of ${count * bytes}`);
  return { ms, operations: seen };
}

function receive() {
  let [expected, seen, sum] = [0, 0, 0];
  parentPort.on('message', ({ expect, message }) => {
    if (expect !== undefined) {
      [expected, seen, sum] = [expect, 0, 0];
      parentPort.postMessage('expecting');
      return;
    }
    seen += 1;
    sum += message.data.byteLength;
    if (seen === expected) parentPort.postMessage({ seen, sum });
  });
  parentPort.postMessage('ready');
}

if (isMainThread) await serve('node', { messages });
else receive();
