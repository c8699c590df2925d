/**
 * Which server leads to the cluster that a command is about: the configured url where there is one, else the run file
 * of a `skep up` on this machine.
 */
import type { Config } from '#config';
import type { NatsOptions } from '#cluster/transport/nats-options';
import { SkepError } from '#protocols/wire/error';
import { connectOptions } from '../launch/node-options.js';
import { clusterFolder, findRun, runFileIn } from '../launch/run-file.js';

/** How to reach a cluster. @throws SkepError NO_CLUSTER when nothing tells where it is. */
export async function findCluster(config: Config): Promise<NatsOptions> {
  if (config.nats.url !== undefined) return connectOptions(config);
  const path = runFileIn(clusterFolder(config));
  const cluster = config.cluster.name;
  const run = await findRun(path);
  if (run === undefined) {
    throw new SkepError('NO_CLUSTER', `no cluster ${cluster} runs here (${path}), and no NATS url is set`, {
      cluster,
      path,
    });
  }
  if (run.url === null) {
    throw new SkepError(
      'NO_CLUSTER',
      `cluster ${cluster} is still being started (process ${run.up.pid}); try again in a moment`,
      { cluster, pid: run.up.pid },
    );
  }
  return connectOptions({ ...config, nats: { ...config.nats, url: run.url } });
}

/** Whether a cluster is meant: a server was named, or one runs from this folder. */
export async function clusterIsMeant(config: Config): Promise<boolean> {
  return config.nats.url !== undefined || (await findRun(runFileIn(clusterFolder(config)))) !== undefined;
}
