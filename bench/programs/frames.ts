/** Casts of payloads of a size, between two nodes over a nats-server or between two executors in threads. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { ClusterNode } from '#cluster/node';
import { startNatsServer } from '#cluster/transport/nats-server';
import { type ActorRef, ActorSystem } from '#runtime';
import { serve, type Work } from '../harness/program.js';
import type { Completed, Size } from '../harness/question.js';
import { frameSink, frameSource } from './frames-actors.js';

const modules = [new URL('./frames-actors.js', import.meta.url).href];
/** Argument of the process that is the other node. */
const FAR = 'far-node';

async function acrossThreads(): Promise<Work> {
  const system = await ActorSystem.create({ executors: 2, modules });
  const sink = await system.spawn(frameSink, undefined, { executor: 2 });
  const source = await system.spawn(frameSource, undefined, { executor: 1 });
  return { run: (size) => send(source, sink, size), stop: () => system.shutdown() };
}

async function acrossNodes(): Promise<Work> {
  const server = await startNatsServer();
  const child = fork(import.meta.filename, [FAR, server.url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const near = await startNode('near', server.url);
  await once(child, 'message');
  const sink = await near.system.spawn(frameSink, undefined, { node: 'far' });
  const source = await near.system.spawn(frameSource, undefined);
  return {
    run: (size) => send(source, sink, size),
    stop: async () => {
      await near.stop();
      await ended(child);
      await server.stop();
    },
  };
}

async function send(
  source: ActorRef<typeof frameSource>,
  sink: ActorRef<typeof frameSink>,
  { messages = 0, bytes = 0, casts = Number.POSITIVE_INFINITY }: Size,
): Promise<Completed> {
  await sink.call('reset');
  const startMs = performance.now();
  const order = { to: sink.address, messages, bytes, inTurn: casts };
  const operations = await source.call('send', order, { timeoutMs: 120_000 });
  return { ms: performance.now() - startMs, operations };
}

function startNode(name: string, url: string): Promise<ClusterNode> {
  return ClusterNode.start({
    cluster: 'bench-frames',
    name,
    roles: ['worker'],
    executors: 1,
    modules,
    log: { level: 'silent', format: 'json' },
    version: '0',
    callTimeoutMs: 30_000,
    defaults: {},
    labels: {},
    // A node that is slow to answer is no dead one here.
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 60_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
}

/** The other node: lives until its parent lets go of it. */
async function far(url: string): Promise<void> {
  const node = await startNode('far', url);
  process.once('disconnect', () => void node.stop());
  process.send?.('ready');
}

async function ended(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

if (process.argv[1] === import.meta.filename && process.argv[2] === FAR) void far(process.argv[3] ?? '');
else serve(import.meta.filename, { nodes: acrossNodes, threads: acrossThreads });
