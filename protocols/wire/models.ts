/**
 * What the registry of models on a node is asked, and what it says of its models. Whoever asks over the spawn API gets the
 * same.
 *
 *     use ----> the model that answers, once it is ready       load, unload, swap ----> once it is done
 *     list, select ----> one reply
 */
import { z } from 'zod';
import { addressSchema, nameSchema } from './address.js';
import { modelEntry, modelProfile, modelRole } from './model-entry.js';

/** Tasks that a model may be chosen for; each stands for a role and a profile. */
export const modelTask = z.enum(['chat', 'classify', 'extract', 'summarise', 'plan', 'code', 'review', 'embed']);

/** What a model is wanted for; what is given goes before what the task says. */
export const modelWish = z.strictObject({
  task: modelTask.optional(),
  role: modelRole.optional(),
  profile: modelProfile.optional(),
  /** Tokens that prompt and answer need together. */
  contextTokens: z.number().int().min(1).optional(),
});

/** Asks for a model by its name, else by the wish, else for the default one. */
export const useModel = z.strictObject({ model: nameSchema.optional(), wish: modelWish.optional() });

/** A model that is ready: ask the actor at the address. */
export const readyModel = z.object({ name: z.string(), address: addressSchema });

/** Loads a model that is known by its name, or a new one. */
export const loadModel = z.union([
  z.strictObject({ name: nameSchema, force: z.boolean().optional() }),
  z.strictObject({ entry: modelEntry, force: z.boolean().optional() }),
]);

/** Loads another model in the place of one, under its name; what that one has under way ends first. */
export const swapModel = z.strictObject({ name: nameSchema, entry: modelEntry });

export const namedModel = z.strictObject({ name: nameSchema });

/** One model as `list` tells it. */
export const modelLine = z.object({
  name: z.string(),
  backend: z.string(),
  role: modelRole,
  profile: modelProfile,
  state: z.enum(['absent', 'loading', 'ready', 'leaving', 'failed']),
  /** In words, when it failed or is not ready. */
  reason: z.string().optional(),
  address: addressSchema.optional(),
  /** What it takes on its node, by estimate until it is loaded. */
  memoryBytes: z.number(),
  /** Tokens of prompt and answer together; absent while it is not known. */
  contextTokens: z.number().optional(),
  /** Answers at the same time; absent while it is not known. */
  slots: z.number().optional(),
  /** Requests that are computed, and that wait in its queue. */
  running: z.number(),
  waiting: z.number(),
  /** Requests that wait until it is loaded. */
  waitingToLoad: z.number(),
  /** What it counts, by dotted name. */
  figures: z.record(z.string(), z.number()),
});

/** Reply to `list`. */
export const modelList = z.object({ models: z.array(modelLine) });

/** Reply to `select`: the choice, and every candidate with its scores, the best first. */
export const modelChoice = z.object({
  name: z.string(),
  ranked: z.array(
    z.object({ name: z.string(), score: z.number(), profile: z.number(), presence: z.number(), load: z.number() }),
  ),
});

export type ModelWish = z.output<typeof modelWish>;
export type UseModel = z.output<typeof useModel>;
export type ReadyModel = z.output<typeof readyModel>;
export type LoadModel = z.output<typeof loadModel>;
export type SwapModel = z.output<typeof swapModel>;
export type NamedModel = z.output<typeof namedModel>;
export type ModelLine = z.output<typeof modelLine>;
export type ModelList = z.output<typeof modelList>;
export type ModelChoice = z.output<typeof modelChoice>;
