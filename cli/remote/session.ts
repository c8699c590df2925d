/** A conversation with a running cluster over its spawn API: connected for one command, and closed behind it. */
import type { Config } from '#config';
import { requestApi } from '#cluster/spawn/client';
import { connectServices } from '#cluster/transport/connect';
import type { ServiceClient } from '#cluster/transport/port';
import { SkepError } from '#protocols/wire/error';
import type { SpawnApiEndpoint } from '#protocols/wire/spawn-api';
import { findCluster } from './find-cluster.js';

/** Asks an endpoint; `workMs` is what the cluster may take for the work itself, in milliseconds (default: the deadline of calls). */
export type Ask = (endpoint: SpawnApiEndpoint, body: object, workMs?: number) => Promise<unknown>;

/** Time for the way there and back and for looking the actor up, on top of the work, so that the cluster's own answer wins. */
const MARGIN_MS = 5_000;

/** Connects, runs `talk` and closes; what is asked belongs to the trace where one is given. @throws SkepError NO_CLUSTER, TRANSPORT_FAILED, JOB_CANCELLED, or what the cluster answered. */
export async function withCluster<T>(
  config: Config,
  signal: AbortSignal,
  talk: (ask: Ask) => Promise<T>,
  traceparent?: string,
): Promise<T> {
  const client = await connectServices({ ...(await findCluster(config)), name: 'skep cli' });
  try {
    const { name } = config.cluster;
    const ask: Ask = (endpoint, body, workMs) =>
      requestApi(client, name, endpoint, body, (workMs ?? config.calls.timeoutMs) + MARGIN_MS, traceparent);
    return await Promise.race([talk(ask), interrupted(signal)]);
  } catch (error) {
    throw nobody(error, config.cluster.name) ?? error;
  } finally {
    await closeQuietly(client);
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = (): void => reject(new SkepError('JOB_CANCELLED', 'interrupted'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
  });
}

/** The transport names a subject that nobody serves; a person wants to know which cluster that is. */
function nobody(error: unknown, cluster: string): SkepError | undefined {
  if (!(error instanceof SkepError) || error.code !== 'NO_CLUSTER' || error.facts['subject'] === undefined)
    return undefined;
  return new SkepError(
    'NO_CLUSTER',
    `the server answers, but no node of cluster ${cluster} is there`,
    { cluster },
    error,
  );
}

async function closeQuietly(client: ServiceClient): Promise<void> {
  await client.close().catch(() => {});
}
