/** Nodes over a real nats-server that know the actors of floods. */
import { ClusterNode } from '#cluster/node';
import { eventually } from '#test/support/eventually';
import type { Test } from 'tap';

/** Two nodes of one executor each, `a` and `b`, that see each other. */
export async function twoNodes(t: Test, url: string): Promise<{ readonly a: ClusterNode; readonly b: ClusterNode }> {
  const [a, b] = [await node(t, url, 'a'), await node(t, url, 'b')];
  await eventually('the nodes see each other', () => a.members().length === 2 && b.members().length === 2);
  return { a, b };
}

/** A node with one executor that knows the actors of floods. */
async function node(t: Test, url: string, name: string): Promise<ClusterNode> {
  const started = await ClusterNode.start({
    cluster: 'flow-test',
    name,
    roles: ['worker'],
    executors: 1,
    modules: [new URL('../../testdata/actors/flow.js', import.meta.url).href],
    log: { level: 'silent', format: 'json' },
    version: '1.2.3',
    callTimeoutMs: 30_000,
    defaults: {},
    labels: {},
    // A node that is slow to answer is no dead one here: this is about the line, not about membership.
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 60_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
  t.teardown(() => started.stop());
  return started;
}
