/**
 * Where a command finds models: on a running cluster, which it joins as a small node so that answers stream, or in its own
 * process tree, from a file or from the configuration. Both give the same door, so the commands know no difference.
 *
 *     --model x.gguf ................ here, with no server and no configuration
 *     --model NAME .................. the cluster that runs; where none is meant or runs, the configuration, here
 */
import type { FindModel } from '#actors/inference/client';
import { modelActor } from '#actors/inference/model';
import { modelRegistry, MODELS_NAME } from '#actors/inference/registry';
import type { ModelEntry } from '#actors/inference/entry';
import type { Config } from '#config';
import { SkepError } from '#protocols/wire/error';
import type { ModelLine } from '#protocols/wire/models';
import { type ActorRef, ActorSystem } from '#runtime';
import { allSeen } from '../launch/all-seen.js';
import { joinAsClient } from '../launch/join-client.js';
import { registryArgs } from '../launch/models.js';
import { modelModule } from '../launch/modules.js';
import { quietLog } from '../launch/node-options.js';
import { readAnswer, statusAnswer } from '../remote/answers.js';
import { clusterIsMeant } from '../remote/find-cluster.js';
import { withCluster } from '../remote/session.js';
import { entryOfFile, type FileOptions, type ModelTarget } from './target.js';

/** Models that can be asked. */
export interface ModelHost {
  /** For people: where the model runs. */
  readonly where: string;
  readonly find: FindModel;
  /** Name of the model that the target means; undefined: whichever answers by default. */
  readonly name: string | undefined;
  /** Ends what was started here and leaves what was joined. */
  stop(): Promise<void>;
}

/** How to open models. */
export interface OpenOptions {
  readonly config: Config;
  readonly signal: AbortSignal;
  /** The cluster that the command line named, so that none other will do. */
  readonly cluster?: string | undefined;
  /** For a model that is loaded here. */
  readonly file?: FileOptions;
}

/** Opens the models that the target is among. @throws SkepError UNKNOWN_MODEL, NO_CLUSTER, PATH_UNREADABLE, and of the start. */
export async function openModels(target: ModelTarget, options: OpenOptions): Promise<ModelHost> {
  if (target.type === 'file') return openFile(target.path, options);
  const { config } = options;
  const name = target.type === 'name' ? target.name : undefined;
  if (options.cluster !== undefined || (await clusterIsMeant(config))) return openCluster(name, options);
  const models = config.inference.models ?? [];
  if (name !== undefined ? models.some((entry) => entry.name === name) : models.length > 0)
    return openHere(models, name, options);
  const known = models.map((entry) => entry.name);
  const what = name === undefined ? 'no model is named' : `no model "${name}" is configured`;
  throw new SkepError(
    'UNKNOWN_MODEL',
    `${what}, and no cluster ${config.cluster.name} runs here; name a .gguf file, configure inference.models${known.length === 0 ? '' : ` (it has ${known.join(', ')})`}, or give --nats`,
    { known, ...(name === undefined ? {} : { model: name }) },
  );
}

async function openFile(path: string, options: OpenOptions): Promise<ModelHost> {
  const entry = await entryOfFile(path, options.file);
  return openHere([entry], entry.name, options);
}

/** Models in this process and those that it starts. */
async function openHere(
  models: readonly ModelEntry[],
  name: string | undefined,
  { config }: OpenOptions,
): Promise<ModelHost> {
  if (models.some(({ backend }) => backend === 'llama'))
    (await import('#actors/inference/llama/spares')).spares.disable();
  const system = await ActorSystem.create({
    node: 'local',
    modules: [modelModule],
    log: quietLog(config),
    callTimeoutMs: config.calls.timeoutMs,
    // A slow machine is no news to somebody who waits for an answer.
    scheduling: { slowTurnMs: 0 },
  });
  try {
    const args = registryArgs(config, models, 'demand');
    const registry = await system.spawn(modelRegistry, args, { name: MODELS_NAME });
    return {
      where: 'here',
      name,
      find: async (want, callOptions) => {
        const { address } = await registry.call('use', want, callOptions);
        return system.ref(modelActor, address);
      },
      stop: () => system.shutdown(),
    };
  } catch (error) {
    await system.shutdown();
    throw error;
  }
}

/** Models of the cluster that runs. */
async function openCluster(name: string | undefined, { config, signal }: OpenOptions): Promise<ModelHost> {
  const { cluster, nodes } = readAnswer(statusAnswer, await withCluster(config, signal, (ask) => ask('status', {})));
  const hosts = nodes.filter(({ roles }) => roles.includes('worker')).map((node) => node.name);
  const fatal = new AbortController();
  const client = await joinAsClient(config, 'ask', (error) => fatal.abort(error));
  const stop = (): Promise<void> => client.stop();
  try {
    await allSeen(client, hosts, signal);
    const { system } = client;
    const registries = await findRegistries(system, hosts);
    const find: FindModel = async (want, options) => {
      fatal.signal.throwIfAborted();
      const home = await bestHome(registries, want.model, cluster);
      const { address } = await home.call('use', want, options);
      return system.ref(modelActor, address);
    };
    return { where: `cluster ${cluster}`, name, find, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Home {
  readonly node: string;
  readonly registry: ActorRef<typeof modelRegistry>;
}

/** A node that was busy may be asked again. */
const LIST_MS = 3_000;

async function findRegistries(system: ActorSystem, nodes: readonly string[]): Promise<readonly Home[]> {
  const homes = await Promise.all(
    nodes.map(async (node): Promise<readonly Home[]> => {
      const registry = await system.lookup(modelRegistry, MODELS_NAME, node).catch(() => undefined);
      return registry === undefined ? [] : [{ node, registry }];
    }),
  );
  return homes.flat();
}

/** Of the nodes that have the model: one where it is ready before one where it is not, the least loaded first. */
async function bestHome(
  homes: readonly Home[],
  name: string | undefined,
  cluster: string,
): Promise<ActorRef<typeof modelRegistry>> {
  const lists = await Promise.all(
    homes.map(async ({ registry, node }) => {
      const list = await registry.call('list', undefined, { timeoutMs: LIST_MS }).catch(() => ({ models: [] }));
      return { node, registry, models: list.models };
    }),
  );
  const offers = lists.flatMap(({ node, registry, models }) =>
    models.filter((line) => name === undefined || line.name === name).map((line) => ({ node, registry, line })),
  );
  const [best] = offers.sort((a, b) => weight(a.line) - weight(b.line) || (a.node < b.node ? -1 : 1));
  if (best !== undefined) return best.registry;
  const known = [...new Set(lists.flatMap(({ models }) => models.map((line) => line.name)))];
  const what = name === undefined ? 'there is no model' : `there is no model "${name}"`;
  throw new SkepError('UNKNOWN_MODEL', `${what} on cluster ${cluster}; its models: ${known.join(', ') || 'none'}`, {
    known,
    ...(name === undefined ? {} : { model: name }),
  });
}

const byState: Readonly<Record<ModelLine['state'], number>> = {
  ready: 0,
  loading: 1,
  absent: 2,
  leaving: 3,
  failed: 4,
};

/** States apart by more than any queue is long. */
function weight({ state, running, waiting, waitingToLoad }: ModelLine): number {
  return byState[state] * 1e9 + running + waiting + waitingToLoad;
}
