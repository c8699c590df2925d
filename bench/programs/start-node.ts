/**
 * The node that `start.ts` starts: a node of a cluster of one, with one executor, that ends as soon as an actor of it has
 * answered a call. What is imported is what a program of a user imports.
 */
import { isMainThread } from 'node:worker_threads';
import { ClusterNode } from '#cluster';
import { defineActor } from '#runtime';

/** An actor that answers. */
export const answering = defineActor({
  name: 'bench.start.answering',
  init: () => null,
  calls: { echo: (_state, message: string) => message },
});

async function main(): Promise<void> {
  const node = await ClusterNode.start({
    cluster: 'bench',
    name: 'only',
    roles: ['worker'],
    executors: 1,
    modules: [import.meta.url],
    log: { level: 'silent', format: 'json' },
    version: '0.0.0',
    callTimeoutMs: 5_000,
    defaults: {},
    labels: {},
    onFatal: (error) => {
      throw error;
    },
  });
  const ref = await node.system.spawn(answering, undefined);
  process.stdout.write(`${await ref.call('echo', 'answered')}\n`);
  await node.stop();
}

// The executor loads this file as well, for its definition.
if (isMainThread && process.argv[1] === import.meta.filename) void main();
