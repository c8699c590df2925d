/**
 * Which definitions an executor knows. Definitions reach executors as modules: each executor imports the same module
 * files and registers what they export, because functions do not cross threads.
 */
import { SkepError } from '#protocols/wire/error';
import { type AnyDefinition, isDefinition } from './definition.js';

/** What `list` says of a definition. */
export interface DefinitionSummary {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly calls: readonly { readonly name: string; readonly stream: boolean }[];
  readonly casts: readonly string[];
}

/** Definitions by name and version. */
export class DefinitionRegistry {
  readonly #versions = new Map<string, Map<number, AnyDefinition>>();

  /** @throws SkepError DUPLICATE_DEFINITION when another value holds that name and version. */
  add(definition: AnyDefinition): void {
    const versions = this.#versions.get(definition.name) ?? new Map<number, AnyDefinition>();
    const present = versions.get(definition.version);
    if (present !== undefined && present !== definition) {
      throw new SkepError(
        'DUPLICATE_DEFINITION',
        `definition ${definition.name} version ${definition.version} is registered twice with different values`,
        { definition: definition.name, version: definition.version },
      );
    }
    versions.set(definition.version, definition);
    this.#versions.set(definition.name, versions);
  }

  /** Registers every definition that a module exports and gives their number. */
  addModule(exports: Readonly<Record<string, unknown>>): number {
    const definitions = Object.values(exports).filter(isDefinition);
    for (const definition of definitions) this.add(definition);
    return definitions.length;
  }

  /**
   * The definition of that name, the newest version by default.
   * @throws SkepError UNKNOWN_DEFINITION naming those that are known.
   */
  get(name: string, version?: number): AnyDefinition {
    const versions = this.#versions.get(name);
    const wanted = version ?? Math.max(...(versions?.keys() ?? []));
    const definition = versions?.get(wanted);
    if (definition !== undefined) return definition;
    const known = [...this.#versions.keys()].sort();
    throw new SkepError(
      'UNKNOWN_DEFINITION',
      `no definition ${name}${version === undefined ? '' : ` version ${version}`}; known: ${known.join(', ') || 'none'}`,
      { definition: name, known },
    );
  }

  list(): readonly DefinitionSummary[] {
    return [...this.#versions.values()].flatMap((versions) => [...versions.values()].map(summarise));
  }
}

function summarise(definition: AnyDefinition): DefinitionSummary {
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description ?? '',
    calls: Object.keys(definition.calls as object).map((name) => ({ name, stream: definition.streams.has(name) })),
    casts: Object.keys(definition.casts as object),
  };
}
