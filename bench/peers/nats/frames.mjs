/**
 * The floor of what passes between two nodes: one publish a message over a nats-server, with the client's own buffering
 * and a flush now and then as its documentation advises for publishers that outrun the connection. The subscriber is a
 * process of its own, and counts.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect } from 'nats';
import { startNatsServer } from '../nats-server.mjs';
import { serve } from '../serve.mjs';

/** Messages, and bytes, after which the publisher waits until the server has them. */
const FLUSH_MESSAGES = 4_096;
const FLUSH_BYTES = 4 * 1_024 * 1_024;

async function publishes() {
  const { url, stop } = await startNatsServer();
  const child = fork(import.meta.filename, ['subscriber', url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  const connection = await connect({ servers: url });
  return {
    run: ({ messages, bytes, casts }) => run(connection, child, messages, bytes, casts ?? Number.POSITIVE_INFINITY),
    stop: async () => {
      await connection.close();
      child.kill('SIGKILL');
      await stop();
    },
  };
}

async function run(connection, child, messages, bytes, inTurn) {
  const data = new Uint8Array(bytes).fill(7);
  child.send({ expect: messages });
  await once(child, 'message');
  const done = once(child, 'message');
  const startMs = performance.now();
  const every = Math.max(1, Math.min(FLUSH_MESSAGES, Math.floor(FLUSH_BYTES / bytes)));
  let left = inTurn;
  for (let sent = 1; sent <= messages; sent += 1) {
    connection.publish('bench.frames', data);
    if (sent % every === 0) await connection.flush();
    left -= 1;
    if (left > 0) continue;
    await nextTurn();
    left = inTurn;
  }
  const [{ seen, sum }] = await done;
  const ms = performance.now() - startMs;
  if (sum !== messages * bytes) throw new Error(`got ${sum} bytes of ${messages * bytes}`);
  return { ms, operations: seen };
}

async function subscribe(url) {
  const connection = await connect({ servers: url });
  let [expected, seen, sum] = [0, 0, 0];
  connection.subscribe('bench.frames', {
    callback: (_error, message) => {
      seen += 1;
      sum += message.data.byteLength;
      if (seen === expected) process.send({ seen, sum });
    },
  });
  await connection.flush();
  process.on('message', ({ expect }) => {
    [expected, seen, sum] = [expect, 0, 0];
    process.send('expecting');
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}

if (process.argv[2] === 'subscriber') await subscribe(process.argv[3]);
else await serve('nats', { publishes });
