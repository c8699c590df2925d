/**
 * Two nodes, each a process with one executor, over a nats-server of their own, as `skep up --nodes 2` makes them. The
 * first drives, by one call to an actor of its own, which then does the work of a run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterNode } from '#cluster/node';
import { startNatsServer } from '#cluster/transport/nats-server';
import { type Prepare, serve, type Work } from '../harness/program.js';
import { ponged, ponger, sink, source, type Totals } from './nodes-actors.js';
import { beSecond, startSecond } from './second.js';

const PATIENT = { timeoutMs: Number.POSITIVE_INFINITY };
const [NEAR, FAR] = ['near', 'far'];
const POLL_MS = 10;

/** A node with one executor, as `skep up` starts it. */
async function startNode(name: string, url: string): Promise<ClusterNode> {
  const node = await ClusterNode.start({
    cluster: 'bench',
    name,
    roles: ['worker'],
    executors: 1,
    modules: [new URL('./nodes-actors.js', import.meta.url).href],
    log: { level: 'silent', format: 'json' },
    version: '0.0.0',
    callTimeoutMs: 5_000,
    defaults: {},
    labels: {},
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 2_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
  while (name === NEAR && node.members().length < 2) await sleep(POLL_MS);
  return node;
}

/** Starts both nodes, and gives the near one to what is done between them. */
function between(make: (node: ClusterNode) => Promise<Work['run']>): Prepare {
  return async () => {
    const server = await startNatsServer();
    const second = await startSecond(import.meta.filename, [FAR, server.url]);
    const node = await startNode(NEAR, server.url);
    return {
      run: await make(node),
      stop: async () => {
        await node.stop();
        await second.stop();
        await server.stop();
      },
    };
  };
}

/** Spawns on the one executor of a node. */
const onNear = { executor: 1 };
const onFar = { node: FAR, executor: 1 };

/** Casts from so many actors to one, each its share of the numbers. */
function casting(senders: number): Prepare {
  return between(async (node) => {
    const far = await node.system.spawn(sink, undefined, onFar);
    const near = await Promise.all(Array.from({ length: senders }, () => node.system.spawn(source, undefined, onNear)));
    return async ({ messages = 0 }) => {
      const share = messages / senders;
      const startMs = performance.now();
      await Promise.all(
        near.map((from, index) => from.call('cast', { to: far.address, from: index * share, count: share }, PATIENT)),
      );
      const ms = performance.now() - startMs;
      const { count } = checked(await far.call('take', undefined, PATIENT), messages);
      return { ms, operations: count };
    };
  });
}

/** @throws Error when the numbers from 0 have not arrived once each. */
function checked<T extends Totals>(totals: T, messages: number): T {
  const sum = (messages * (messages - 1)) / 2;
  if (totals.sum === sum) return totals;
  throw new Error(`${totals.count} of ${messages} arrived, with a sum of ${totals.sum} and not ${sum}`);
}

const calling: Prepare = between(async (node) => {
  const far = await node.system.spawn(sink, undefined, onFar);
  const near = await node.system.spawn(source, undefined, onNear);
  return async ({ calls = 0, depth = 1 }) => {
    const startMs = performance.now();
    const called = await near.call('call', { to: far.address, count: calls, depth }, PATIENT);
    const ms = performance.now() - startMs;
    const { count, latencies } = checked(called, calls);
    return { ms, operations: count, ...latencies };
  };
});

const streaming: Prepare = between(async (node) => {
  const far = await node.system.spawn(sink, undefined, onFar);
  const near = await node.system.spawn(source, undefined, onNear);
  return async ({ items = 0 }) => {
    const startMs = performance.now();
    const { count } = checked(await near.call('read', { to: far.address, count: items }, PATIENT), items);
    return { ms: performance.now() - startMs, operations: count };
  };
});

const pinging: Prepare = between(async (node) => {
  const far = await node.system.spawn(ponger, undefined, onFar);
  const near = await node.system.spawn(source, undefined, onNear);
  const pongs = await node.system.spawn(ponged, undefined, onNear);
  return async ({ pings = 0 }) => {
    const all = pongs.call('expect', { count: pings }, PATIENT);
    await far.call('start', { sender: pongs.address });
    const startMs = performance.now();
    await near.call('ping', { to: far.address, count: pings }, PATIENT);
    const { count } = checked(await all, pings);
    // A ping and its pong are two messages.
    return { ms: performance.now() - startMs, operations: 2 * count };
  };
});

/** The second process: the far node, until the first is gone. */
async function far(url: string): Promise<void> {
  const node = await startNode(FAR, url);
  beSecond(() => node.stop());
}

const works = {
  cast: casting(1),
  'many-to-one': casting(100),
  call: calling,
  stream: streaming,
  'ping-pong': pinging,
};
const [role, url = ''] = process.argv.slice(2);
if (role === FAR) void far(url);
else serve(import.meta.filename, works);
