/**
 * Skills and templates of a set of modules. They reach threads and nodes as the file URLs of the modules that export
 * them, because functions do not travel.
 */
import { SkepError } from '#protocols/wire/error';
import type { Skill } from './skill.js';
import type { JobTemplate } from './template.js';

/** A skill of which nothing is known but its form. */
export type AnySkill = Skill<unknown, unknown>;

/** What modules offer. */
export interface Catalogue {
  readonly skills: ReadonlyMap<string, AnySkill>;
  readonly templates: ReadonlyMap<string, JobTemplate<unknown>>;
}

/** Imports modules and gathers what they export. */
export async function loadCatalogue(modules: readonly string[]): Promise<Catalogue> {
  const skills = new Map<string, AnySkill>();
  const templates = new Map<string, JobTemplate<unknown>>();
  for (const module of modules) {
    for (const value of Object.values((await import(module)) as Record<string, unknown>)) {
      if (isOfKind<AnySkill>(value, 'skill')) skills.set(value.name, value);
      else if (isOfKind<JobTemplate<unknown>>(value, 'template')) templates.set(value.name, value);
    }
  }
  return { skills, templates };
}

/** The template of that name. @throws SkepError UNKNOWN_TEMPLATE naming those that are known. */
export function templateOf(catalogue: Catalogue, name: string): JobTemplate<unknown> {
  const template = catalogue.templates.get(name);
  if (template !== undefined) return template;
  const known = [...catalogue.templates.keys()].sort();
  throw new SkepError('UNKNOWN_TEMPLATE', `no job template "${name}"; known: ${known.join(', ') || 'none'}`, { known });
}

function isOfKind<T extends { readonly kind: string }>(value: unknown, kind: T['kind']): value is T {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
