/** What the registry of models is made of, what it is told to do, and what it tells itself. */
import { castFace, type ReplyToken } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import type { WireError } from '#protocols/wire/error';
import type { ReadyModel } from '#protocols/wire/models';
import type { ModelEntry } from './entry.js';
import type { modelActor } from './model.js';
import type { Sighting } from './shelf.js';

/** What a registry is made of; tests put their own in place. */
export interface RegistryParts {
  readonly model: typeof modelActor;
  readonly memoryOf: (entry: ModelEntry) => Promise<number>;
  readonly freeMemory: () => number;
  /** Lets a model file be tried again that ended its process before. */
  readonly lift: (entry: ModelEntry) => Promise<void>;
}

/** What a keeper is told to do. */
export interface KeeperSettings {
  readonly models: readonly ModelEntry[];
  readonly defaultModel: string | null;
  readonly load: 'start' | 'demand';
  readonly memoryBytes: number | null;
  readonly switchAfterMs: number;
}

/** What the registry tells itself. */
export interface OwnCasts {
  /** The memory that a model will take is known, or its file cannot be read. */
  readonly measured: { readonly name: string; readonly bytes: number | WireError };
  /** The actor of a model began, or could not. */
  readonly started: { readonly name: string; readonly address: ActorAddress | WireError };
  /** How a model is; null when it did not answer. */
  readonly seen: { readonly name: string; readonly address: ActorAddress; readonly sighting: Sighting | null };
  /** A model was swapped for another, or could not be. */
  readonly swapped: {
    readonly name: string;
    readonly entry: ModelEntry;
    readonly token: ReplyToken<ReadyModel>;
    readonly error: WireError | null;
  };
}

/** Of a registry to itself. */
export const own = castFace<OwnCasts>();
