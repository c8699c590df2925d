/**
 * Spawning from a spec that arrived as data. Ordinary code spawns from a definition and gets a typed ref; the guardian
 * has only names, so its context offers this one untyped door, kept out of the interface that handlers see.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { SpawnSpec } from '#protocols/wire/envelope';
import type { ActorContext } from './context.js';

/** A context that can spawn from a spec. */
export interface SpecSpawner {
  spawnSpec(spec: SpawnSpec): Promise<ActorAddress>;
}

/** Starts what the spec says as a child of the context's actor. */
export function spawnSpec(ctx: ActorContext, spec: SpawnSpec): Promise<ActorAddress> {
  if (!isSpawner(ctx)) throw new Error('this context cannot spawn from a spec');
  return ctx.spawnSpec(spec);
}

function isSpawner(ctx: ActorContext): ctx is ActorContext & SpecSpawner {
  return 'spawnSpec' in ctx;
}
