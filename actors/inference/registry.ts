/**
 * The models of one node: an actor that loads them, each as a child that it supervises, tells which one answers, and swaps
 * them where they do not fit together. Whoever asks gets the address of the model's own actor and talks to that, so no
 * answer passes through here.
 *
 *     asker --use--> models --address--> asker --ask--> model
 *                      '-- supervises -----------------^
 *
 * All loads of one name share its slot, so that two at once load once. The work is in `keeper.ts`.
 */
import { z } from 'zod';
import { type CastHandlers, defineActor, type Info } from '#runtime';
import { unreachable } from '#protocols/wire/error';
import { modelEntry } from '#protocols/wire/model-entry';
import {
  loadModel,
  type LoadModel,
  type ModelList,
  modelWish,
  type ModelWish,
  namedModel,
  type NamedModel,
  swapModel,
  type SwapModel,
  useModel,
  type UseModel,
} from '#protocols/wire/models';
import type { ModelEntry } from './entry.js';
import { ModelKeeper } from './keeper.js';
import { freeMemory } from './free-memory.js';
import { memoryOf } from './memory.js';
import { modelActor } from './model.js';
import type { OwnCasts, RegistryParts } from './registry-messages.js';

/** Name of the registry on its node. */
export const MODELS_NAME = 'models';

const registryArgs = z.object({
  models: z.array(modelEntry).default([]),
  /** Who answers when nobody is named; default: the first that fits the wish. */
  defaultModel: z.string().nullable().default(null),
  /** `start` loads the models at once, in their order, as far as they fit together. */
  load: z.enum(['start', 'demand']).default('demand'),
  /** Bytes that the models may take together; null: what is free. */
  memoryBytes: z.number().nullable().default(null),
  /** How long requests for a model that is not loaded wait for those of one that has its memory, in milliseconds. */
  switchAfterMs: z.number().default(10_000),
});

/** What a registry begins with. */
export type RegistryArgs = z.output<typeof registryArgs>;

/** Declares a registry of these parts. */
export function defineModelRegistry(parts: RegistryParts) {
  return defineActor({
    name: 'skep.models',
    description: 'Loads the models of a node and tells which one answers.',
    // A model that cannot live is given up alone; the others, and the registry, go on.
    supervision: {
      whenExceeded: 'stop-child',
      maxRestarts: 3,
      withinMs: 60_000,
      backoff: { firstMs: 100, maxMs: 10_000, jitter: 'full' },
    },
    schemas: {
      args: registryArgs,
      calls: { use: useModel, load: loadModel, unload: namedModel, swap: swapModel, select: modelWish },
    },
    init: (args: RegistryArgs, ctx) => new ModelKeeper(args, parts, ctx),
    calls: {
      /** The model that answers, once it is ready. */
      use: (keeper, message: UseModel) => keeper.use(message),
      /** Loads a model; answered once it is ready. */
      load: (keeper, message: LoadModel) => keeper.load(message),
      /** Ends a model once what it has is answered; it is loaded again when it is asked for. */
      unload: (keeper, { name }: NamedModel) => keeper.unload(name),
      /** Puts another model in the place of one; answered once that one answers. */
      swap: (keeper, { name, entry }: SwapModel) => keeper.swap(name, entry),
      list: (keeper): ModelList => keeper.list(),
      /** Who would answer a wish, and why. */
      select: (keeper, wish: ModelWish) => keeper.select(wish),
    },
    casts: {
      measured: (keeper, news) => keeper.measured(news),
      started: (keeper, news) => keeper.started(news),
      seen: (keeper, news) => keeper.seen(news),
      swapped: (keeper, news) => keeper.swapped(news),
    } satisfies CastHandlers<ModelKeeper, OwnCasts>,
    info: (keeper, info: Info) => {
      switch (info.type) {
        case 'timer':
          return keeper.timer(info.key);
        case 'exit':
          return keeper.ended(info.child, info.gaveUp ? info.reason.message : undefined);
        case 'down':
        case 'exit-signal':
        case 'group':
        case 'topic':
          return undefined;
        default:
          return unreachable(info);
      }
    },
  });
}

/** Definition of the registry of a node; it is registered there as {@link MODELS_NAME}. */
export const modelRegistry = defineModelRegistry({ model: modelActor, memoryOf, freeMemory: () => freeMemory(), lift });

async function lift(entry: ModelEntry): Promise<void> {
  if (entry.backend === 'llama') (await import('./llama/backend.js')).liftQuarantine(entry.path);
}
