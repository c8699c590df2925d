/**
 * Child specs as data, and the rules that OTP's `supervisor:check_childspecs` holds them against: ids are unique, only
 * supervisors that end with their children have significant ones, and no permanent child is significant.
 */
import type { RestartPolicy, ShutdownPolicy, SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import { type AnyDefinition, isDefinition } from '../actor/definition.js';
import type { AutoShutdown } from './options.js';

/** How to start one child of a supervisor, and how to treat it. Plain data when `definition` is a name. */
export interface ChildSpec {
  /** Unique among the children of the supervisor. */
  readonly id: string;
  /** A definition, or the name of one that the executor of the child knows. */
  readonly definition: string | AnyDefinition;
  readonly version?: number;
  /** What the child's init gets. Default null. */
  readonly args?: unknown;
  /** Default `permanent`. */
  readonly restart?: RestartPolicy;
  /** Default: the shutdown time of the node for a worker, `infinity` for a supervisor. */
  readonly shutdown?: ShutdownPolicy;
  /** Default false. */
  readonly significant?: boolean;
  /** What the child is, for `whichChildren` and `countChildren`. Default `worker`. */
  readonly type?: 'worker' | 'supervisor';
  /** Name on the node. */
  readonly name?: string;
  /** Default `same` as the supervisor. */
  readonly executor?: 'same' | 'system' | 'default' | number;
}

/** A spec with its defaults filled in: plain data. */
export interface CheckedChildSpec {
  readonly id: string;
  readonly definition: string;
  readonly version?: number;
  readonly args: unknown;
  readonly restart: RestartPolicy;
  readonly shutdown?: ShutdownPolicy;
  readonly significant: boolean;
  readonly type: 'worker' | 'supervisor';
  readonly name?: string;
  readonly executor: 'same' | 'system' | 'default' | number;
}

const fields = new Set([
  'id',
  'definition',
  'version',
  'args',
  'restart',
  'shutdown',
  'significant',
  'type',
  'name',
  'executor',
]);
/** Definitions made by `defineSupervisor`, whose children are supervisors unless they say otherwise. */
const supervisors = new WeakSet<AnyDefinition>();

/** Marks a definition as a supervisor's. */
export function markSupervisor(definition: AnyDefinition): void {
  supervisors.add(definition);
}

/**
 * Checks child specs and fills in their defaults. Without `autoShutdown` it is left open whose children they are, and
 * any may be significant.
 * @throws SkepError BAD_CHILD_SPEC naming the child and the field.
 */
export function checkChildSpecs(specs: unknown, autoShutdown?: AutoShutdown): readonly CheckedChildSpec[] {
  if (!Array.isArray(specs)) throw refused('(all)', '', specs, 'a list of child specs');
  const checked = specs.map((spec: unknown, index) => checkChildSpec(spec, autoShutdown, `at ${index}`));
  const ids = new Set<string>();
  for (const { id } of checked) {
    if (ids.has(id)) throw refused(id, 'id', id, 'an id that no other child has');
    ids.add(id);
  }
  return checked;
}

/** Checks one spec. @throws SkepError BAD_CHILD_SPEC. */
export function checkChildSpec(value: unknown, autoShutdown?: AutoShutdown, where = ''): CheckedChildSpec {
  if (typeof value !== 'object' || value === null) throw refused(where, '', value, 'a child spec');
  const spec = value as Readonly<Record<keyof ChildSpec, unknown>>;
  const { id } = spec;
  if (typeof id !== 'string' || id.length === 0 || id.length > 256) {
    throw refused(where, 'id', id, 'a text of 1 to 256 characters');
  }
  const unknown = Object.keys(spec).find((field) => !fields.has(field));
  if (unknown !== undefined) throw refused(id, unknown, 'given', `only the fields ${[...fields].join(', ')}`);
  const definition = isDefinition(spec.definition) ? spec.definition.name : spec.definition;
  if (typeof definition !== 'string' || definition === '') {
    throw refused(id, 'definition', definition, 'a definition or the name of one');
  }
  const supervisor = isDefinition(spec.definition) && supervisors.has(spec.definition);
  const version = isDefinition(spec.definition) ? spec.definition.version : spec.version;
  const check = <T>(field: keyof ChildSpec, fallback: T, fits: (given: unknown) => boolean, expected: string): T => {
    const given = spec[field];
    if (given === undefined) return fallback;
    if (!fits(given)) throw refused(id, field, given, expected);
    return given as T;
  };
  const oneOf = (field: keyof ChildSpec, known: readonly string[]): string | undefined =>
    check<string | undefined>(field, undefined, (given) => known.includes(String(given)), known.join(', '));
  if (version !== undefined && !isWhole(version)) throw refused(id, 'version', version, 'a whole number');
  const type = (oneOf('type', ['worker', 'supervisor']) ?? (supervisor ? 'supervisor' : 'worker')) as 'worker';
  const shutdown = check<ShutdownPolicy | undefined>(
    'shutdown',
    type === 'worker' ? undefined : 'infinity',
    isShutdown,
    'brutal, infinity or milliseconds from 0',
  );
  const name = check<string | undefined>('name', undefined, (given) => typeof given === 'string', 'a text');
  const checked: CheckedChildSpec = {
    id,
    definition,
    ...(version === undefined ? {} : { version: version as number }),
    args: spec.args ?? null,
    restart: (oneOf('restart', ['permanent', 'transient', 'temporary']) ?? 'permanent') as RestartPolicy,
    ...(shutdown === undefined ? {} : { shutdown }),
    significant: check('significant', false, (given) => typeof given === 'boolean', 'true or false'),
    type,
    ...(name === undefined ? {} : { name }),
    executor: check<CheckedChildSpec['executor']>(
      'executor',
      'same',
      (given) => isWhole(given) || ['same', 'system', 'default'].includes(String(given)),
      'same, system, default or the number of an executor',
    ),
  };
  checkSignificant(checked, autoShutdown ?? 'any-significant');
  return checked;
}

/**
 * OTP's bad combinations.
 * @throws SkepError BAD_CHILD_SPEC for a significant child that is permanent, or whose supervisor never ends with it.
 */
export function checkSignificant(
  spec: Pick<SpawnSpec, 'id' | 'significant' | 'restart' | 'definition'>,
  autoShutdown: AutoShutdown = 'never',
): void {
  if (spec.significant !== true) return;
  const child = spec.id ?? spec.definition;
  if (spec.restart === 'permanent') {
    throw refused(
      child,
      'significant',
      true,
      'false for a permanent child, which never ends; make it transient or temporary',
    );
  }
  if (autoShutdown === 'never') {
    throw refused(child, 'significant', true, 'false under a supervisor whose autoShutdown is never');
  }
}

/** What the runtime starts for a spec. */
export function toSpawnSpec({ type: _type, executor, significant, ...spec }: CheckedChildSpec): SpawnSpec {
  return { ...spec, placement: executor, ...(significant ? { significant } : {}) };
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShutdown(value: unknown): boolean {
  return value === 'brutal' || value === 'infinity' || (typeof value === 'number' && value >= 0);
}

function refused(child: string, field: string, value: unknown, expected: string): SkepError {
  const what = field === '' ? '' : `${field} `;
  const given = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return new SkepError('BAD_CHILD_SPEC', `child ${child}: ${what}is ${given}: expected ${expected}`, { child, field });
}
