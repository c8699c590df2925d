/**
 * Which definitions an executor knows. Definitions reach executors as modules: each executor imports the same module
 * files and registers what they export, because functions do not cross threads.
 */
import { SkepError } from '#protocols/wire/error';
import { type AnyDefinition, isDefinition } from './definition.js';
import { fingerprint } from './fingerprint.js';
import type { AnyPhases } from './phases.js';

/** What `list` says of a definition. */
export interface DefinitionSummary {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly calls: readonly { readonly name: string; readonly stream: boolean }[];
  readonly casts: readonly string[];
  /** Of a definition with phases: what each handles itself. */
  readonly phases?: readonly {
    readonly name: string;
    readonly calls: readonly string[];
    readonly casts: readonly string[];
  }[];
}

/**
 * What becomes of a definition that a module brings when it is loaded again: `new` to the node, `upgraded` to a higher
 * version, `replaced` by force under its version, `unchanged`, or `older` than what is there and left alone.
 */
export type DefinitionChange = 'new' | 'upgraded' | 'replaced' | 'unchanged' | 'older';

/** Definitions by name and version. */
export class DefinitionRegistry {
  readonly #versions = new Map<string, Map<number, AnyDefinition>>();
  /** By name, the version that took the place of all before it. */
  readonly #floors = new Map<string, number>();

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
   * What `replace` would do.
   * @throws SkepError DUPLICATE_DEFINITION when the definition has another value under its present version.
   */
  judge(definition: AnyDefinition, force: boolean): DefinitionChange {
    const versions = this.#versions.get(definition.name);
    if (versions === undefined) return 'new';
    const newest = newestOf(versions);
    if (definition.version !== newest) return definition.version > newest ? 'upgraded' : 'older';
    const present = versions.get(newest);
    if (present === definition) return 'unchanged';
    if (force) return 'replaced';
    if (present !== undefined && fingerprint(present) === fingerprint(definition)) return 'unchanged';
    const { name, version } = definition;
    const text = `definition ${name} has changed and is still version ${version}: raise its version, or force the change`;
    throw new SkepError('DUPLICATE_DEFINITION', text, { definition: name, version });
  }

  /** Registers a definition in the place of all older versions of its name. */
  replace(definition: AnyDefinition, force: boolean): DefinitionChange {
    const change = this.judge(definition, force);
    const { name, version } = definition;
    if (change === 'older') return change;
    if (change === 'unchanged') {
      // A thread that was replaced finds the new text at once and never had the versions before.
      if (this.#versions.get(name)?.size === 1) this.#floors.set(name, version);
      return change;
    }
    this.#floors.set(name, version);
    this.#versions.set(name, new Map([[version, definition]]));
    return change;
  }

  /**
   * The definition of that name, the newest version by default and in the place of versions that a reload superseded.
   * @throws SkepError UNKNOWN_DEFINITION naming those that are known.
   */
  get(name: string, version?: number): AnyDefinition {
    const versions = this.#versions.get(name);
    const superseded = version === undefined || version < (this.#floors.get(name) ?? Number.NEGATIVE_INFINITY);
    const wanted = superseded ? newestOf(versions) : version;
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

function newestOf(versions: ReadonlyMap<number, AnyDefinition> | undefined): number {
  return Math.max(...(versions?.keys() ?? []));
}

function summarise(definition: AnyDefinition): DefinitionSummary {
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description ?? '',
    calls: Object.keys(definition.calls as object).map((name) => ({ name, stream: definition.streams.has(name) })),
    casts: Object.keys(definition.casts as object),
    ...(definition.phases === undefined ? {} : { phases: Object.entries(definition.phases).map(summarisePhase) }),
  };
}

function summarisePhase([name, { calls = {}, casts = {} }]: [string, AnyPhases[string]]) {
  return { name, calls: Object.keys(calls), casts: Object.keys(casts) };
}
