/**
 * The options of the schema as a flat list of leaves. A leaf is what has a value, a variable and a row in the table;
 * everything above it is a section.
 */
import * as z from 'zod';
import { factsOf, type OptionFacts } from './option.js';
import { configSchema } from './schema.js';

/** What values a leaf takes, in the terms that coercion and messages need. */
export type LeafType =
  | { readonly kind: 'text' }
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'record' }
  | { readonly kind: 'list' };

/** One option. */
export interface Leaf {
  /** Dotted path, such as `nats.tls.caFile`. */
  readonly path: string;
  readonly keys: readonly string[];
  readonly type: LeafType;
  readonly optional: boolean;
  readonly facts: OptionFacts;
  /** Environment variables that set it, the one that wins last. */
  readonly variables: readonly string[];
}

/** `nats.tls.caFile` becomes `SKEP_NATS_TLS_CA_FILE`. */
function variableOf(keys: readonly string[]): string {
  const words = keys.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `SKEP_${words.join('_')}`;
}

/** The type of a leaf, read from its zod schema. A schema that this does not know is a defect of the schema file. */
function leafType(schema: z.ZodType): LeafType {
  if (schema instanceof z.ZodNumber) {
    return { kind: 'whole', min: schema.minValue ?? -Infinity, max: schema.maxValue ?? Infinity };
  }
  if (schema instanceof z.ZodEnum) return { kind: 'choice', choices: schema.options.map(String) };
  if (schema instanceof z.ZodString) return { kind: 'text' };
  if (schema instanceof z.ZodBoolean) return { kind: 'boolean' };
  if (schema instanceof z.ZodRecord) return { kind: 'record' };
  if (schema instanceof z.ZodArray) return { kind: 'list' };
  throw new Error(`no leaf type for the schema type ${schema.type}`);
}

function leafOf(keys: readonly string[], schema: z.ZodType, facts: OptionFacts): Leaf {
  const optional = schema instanceof z.ZodExactOptional;
  const inner = optional ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodType)) throw new Error(`${keys.join('.')} is no classic zod schema`);
  const variable = variableOf(keys);
  return {
    path: keys.join('.'),
    keys,
    type: leafType(inner),
    optional,
    facts,
    variables: facts.alias === undefined ? [variable] : [facts.alias, variable],
  };
}

function leavesIn(section: z.ZodObject, above: readonly string[]): Leaf[] {
  return Object.entries(section.shape).flatMap(([key, schema]) => {
    const keys = [...above, key];
    if (schema instanceof z.ZodObject) return leavesIn(schema, keys);
    const facts = schema instanceof z.ZodType ? factsOf(schema) : undefined;
    if (!(schema instanceof z.ZodType) || facts === undefined) throw new Error(`${keys.join('.')} is not documented`);
    return [leafOf(keys, schema, facts)];
  });
}

/** Every option, in the order of the schema. */
export const leaves: readonly Leaf[] = leavesIn(configSchema, []);

/** Every option by its dotted path. */
export const leafByPath: ReadonlyMap<string, Leaf> = new Map(leaves.map((leaf) => [leaf.path, leaf]));

/** Dotted paths of all sections; the root is the empty path. */
export const sectionPaths: ReadonlySet<string> = new Set(
  leaves.flatMap((leaf) => leaf.keys.map((_, depth) => leaf.keys.slice(0, depth).join('.'))),
);
