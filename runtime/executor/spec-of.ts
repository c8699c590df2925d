/**
 * The spec of a spawn. Every actor keeps its spec and so does its supervisor, so it has no more fields than it needs, and
 * siblings that differ in nothing keep the same.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { RestartPolicy, SpawnSpec } from '#protocols/wire/envelope';
import type { SpawnOptions } from '../actor/context.js';
import type { AnyDefinition } from '../actor/definition.js';

/** The spec that was made last. */
let latest: SpawnSpec | undefined;

/** A spec without optional fields. V8 reserves a field for each spread, so it is written without any. */
function plainSpec(
  { name: definition, version }: AnyDefinition,
  args: unknown,
  parent: ActorAddress | undefined,
  restart: RestartPolicy,
  placement: SpawnSpec['placement'],
): SpawnSpec {
  if (
    latest !== undefined &&
    Object.is(latest.args, args) &&
    latest.parent === parent &&
    latest.definition === definition &&
    latest.version === version &&
    latest.restart === restart &&
    latest.placement === placement
  )
    return latest;
  latest =
    parent === undefined
      ? { definition, version, args, restart, placement }
      : { definition, version, args, parent, restart, placement };
  return latest;
}

/** The spec of a spawn. The optional fields are there only where they are set, because each actor keeps its spec. */
export function specOf(
  definition: AnyDefinition,
  args: unknown,
  options: SpawnOptions & { readonly essential?: boolean },
  parent: ActorAddress | undefined,
  placement: 'same' | 'default',
): SpawnSpec {
  const restart = options.restart ?? 'permanent';
  const where = options.executor ?? (options.node === undefined ? placement : 'default');
  const plain = plainSpec(definition, args, parent, restart, where);
  const { name: registered, shutdown, essential, significant } = options;
  if ((registered ?? shutdown ?? essential ?? significant) === undefined) return plain;
  return {
    ...plain,
    ...(registered === undefined ? {} : { name: registered }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(essential === undefined ? {} : { essential }),
    ...(significant === undefined ? {} : { significant }),
  };
}
