/** From configuration to the models of a node: the one place that knows which setting feeds the registry. */
import type { ModelEntry } from '#actors/inference/entry';
import { modelRegistry, MODELS_NAME, type RegistryArgs } from '#actors/inference/registry';
import type { Config } from '#config';
import type { ActorSystem } from '#runtime';

const BYTES_PER_MIB = 1_048_576;

/** What a registry of these models begins with. */
export function registryArgs(config: Config, models: readonly ModelEntry[], load: RegistryArgs['load']): RegistryArgs {
  const { model, memoryMb, switchAfterMs } = config.inference;
  return {
    models: [...models],
    // The default may be a file, or a model that only other nodes have.
    defaultModel: models.find(({ name }) => name === model)?.name ?? null,
    load,
    memoryBytes: memoryMb === undefined ? null : memoryMb * BYTES_PER_MIB,
    switchAfterMs,
  };
}

/** Starts the models of a node under a registry; nothing where none are configured. */
export async function startModels(system: ActorSystem, config: Config): Promise<void> {
  const { models = [], load } = config.inference;
  if (load === 'off' || models.length === 0) return;
  const args = registryArgs(config, models, load);
  await system.spawn(modelRegistry, args, { name: MODELS_NAME });
}
