/** Joins the cluster that a command is about, as a node of its own that hosts nothing and streams what it reads. */
import { randomBytes } from 'node:crypto';
import type { Config } from '#config';
import { ClusterNode } from '#cluster/node';
import type { SkepError } from '#protocols/wire/error';
import { findCluster } from '../remote/find-cluster.js';
import { nodeOptions, quietLog } from './node-options.js';

/** Joins with connections of its own, under a name that begins with `what` and that nobody else has. */
export async function joinAsClient(
  config: Config,
  what: string,
  onFatal: (error: SkepError) => void,
): Promise<ClusterNode> {
  const [url = ''] = (await findCluster(config)).urls;
  // What a command finds slow in itself is no news of the cluster.
  const node = { ...config.node, slowTurnMs: 0 };
  const reached: Config = { ...config, node, nats: { ...config.nats, url } };
  const name = `${what}-${randomBytes(4).toString('hex')}`;
  const options = { name, roles: ['client'], executors: 0, modules: [], bus: true, log: quietLog(config), onFatal };
  return ClusterNode.start(nodeOptions(reached, options));
}
