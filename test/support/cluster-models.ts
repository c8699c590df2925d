/** The models of a cluster that `skep up` runs, asked over one connection: a command for each look would cost a process. */
import { listModels, type NodeModel } from '#cli/inference/registries';
import { requestApi } from '#cluster/spawn/client';
import { connectServices } from '#cluster/transport/connect';
import type { RunningCli } from './cli.js';

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** Gives the models of the cluster `default`, whenever it is called. */
export async function modelsOf(t: Test, cluster: RunningCli): Promise<() => Promise<readonly NodeModel[]>> {
  const [, url = ''] = await cluster.waitFor(/is ready at (nats:\/\/[^;\s]+)/);
  const services = await connectServices({ urls: [url] });
  t.teardown(() => services.close());
  return () =>
    listModels(
      (endpoint, body) => requestApi(services, 'default', endpoint, body, 5_000),
      undefined,
      () => {},
    );
}
