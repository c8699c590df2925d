/**
 * What of JSON Schema (2020-12) a grammar here holds. A keyword that narrows what is allowed and that no grammar holds
 * makes the schema one that is refused, naming the keyword: an answer that only looks like the schema would be worse.
 * Keywords that JSON Schema does not know are annotations, as the standard has it.
 */
import { SkepError } from '#protocols/wire/error';

/** A schema: an object, or a boolean that allows everything or nothing. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** Keywords that narrow, and that no grammar holds. */
const unsupported: readonly string[] = [
  'not',
  'if',
  'then',
  'else',
  'contains',
  'pattern',
  'patternProperties',
  'propertyNames',
  'dependentSchemas',
  'dependentRequired',
  'dependencies',
  'unevaluatedItems',
  '$dynamicRef',
  '$recursiveRef',
  'contentSchema',
];

/** Keywords that narrow and that are held; beside one of `$ref` and the like they have to be merged or refused. */
export const narrowing: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'minProperties',
  'maxProperties',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
]);

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

/** A refusal that names the part of the schema. */
export function refuse(path: string, problem: string): never {
  throw new SkepError('BAD_SCHEMA', `${path}: ${problem}`, { path });
}

/** @throws SkepError BAD_SCHEMA when the schema has a keyword that no grammar holds. */
export function refuseUnsupported(schema: Exclude<Schema, boolean>, path: string): void {
  for (const keyword of unsupported) {
    if (schema[keyword] !== undefined)
      refuse(path, `the keyword "${keyword}" cannot be held by a grammar; leave it out`);
  }
  const { uniqueItems, unevaluatedProperties, multipleOf } = schema;
  if (uniqueItems === true) refuse(path, '"uniqueItems" cannot be held by a grammar; leave it out');
  if (unevaluatedProperties !== undefined && typeof unevaluatedProperties !== 'boolean') {
    refuse(path, '"unevaluatedProperties" cannot be held by a grammar unless it is a boolean');
  }
  if (multipleOf !== undefined && !(multipleOf === 1 && schema['type'] === 'integer')) {
    refuse(path, '"multipleOf" cannot be held by a grammar; leave it out');
  }
}

/** A keyword whose value is a whole number of 0 or more, or undefined. */
export function countOf(schema: Exclude<Schema, boolean>, keyword: string, path: string): number | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    refuse(path, `"${keyword}" is expected to be a whole number of 0 or more`);
  }
  return value;
}

/** A keyword whose value is a number, or undefined. */
export function numberOf(schema: Exclude<Schema, boolean>, keyword: string, path: string): number | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(path, `"${keyword}" is expected to be a number`);
  return value;
}

/** A keyword whose value is a list of schemas, or undefined. */
export function schemasOf(
  schema: Exclude<Schema, boolean>,
  keyword: string,
  path: string,
): readonly Schema[] | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || !value.every(isSchema)) {
    refuse(path, `"${keyword}" is expected to be a list of schemas`);
  }
  return value;
}

/** A keyword whose value is an object of schemas; empty when it is not there. */
export function namedSchemasOf(
  schema: Exclude<Schema, boolean>,
  keyword: string,
  path: string,
): Readonly<Record<string, Schema>> {
  const value = schema[keyword] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) refuse(path, `"${keyword}" is expected to be an object`);
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, Schema] => isSchema(entry[1]))) {
    refuse(path, `"${keyword}" is expected to hold schemas`);
  }
  return Object.fromEntries(entries);
}

/** Names under `required`. */
export function requiredOf(schema: Exclude<Schema, boolean>, path: string): ReadonlySet<string> {
  const value = schema['required'] ?? [];
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    refuse(path, '"required" is expected to be a list of names');
  }
  return new Set(value);
}
