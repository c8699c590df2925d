/**
 * Arrays and objects as rules. The properties of an object come in the order of its schema, and optional ones may be
 * left out; whether a comma is needed depends on whether one was written before, so each property has a rule for either
 * case, and a chain of n properties takes 2n rules instead of the 2^n orders of what may be missing:
 *
 *     first(i) = property(i) next(i+1) | first(i+1)          nothing was written yet
 *     next(i)  = "," property(i) next(i+1) | next(i+1)
 */
import { literal, longestCount, type Rules, times } from './gbnf.js';
import { countOf, isSchema, namedSchemasOf, refuse, requiredOf, type Schema, schemasOf } from './keywords.js';
import { stringRule } from './strings.js';

type Keywords = Exclude<Schema, boolean>;
/** Compiles a part of the schema at hand into a rule. */
type Part = (schema: Schema, name: string) => string;

/** One space or none: more would let a model that has lost its way write spaces for ever. */
const space = '" "?';

/** The body of an array. @throws SkepError BAD_SCHEMA. */
export function arrayBody(rules: Rules, schema: Keywords, path: string, part: Part): string {
  const prefix = schemasOf(schema, 'prefixItems', path) ?? [];
  const { items = true } = schema;
  if (!isSchema(items)) refuse(path, '"items" is expected to be a schema');
  const most = countOf(schema, 'maxItems', path) ?? (items === false ? prefix.length : undefined);
  const least = countOf(schema, 'minItems', path) ?? 0;
  if (least > longestCount) refuse(path, `"minItems" may be ${longestCount} at most`);
  if (most !== undefined && least > most) refuse(path, '"minItems" is more than it may have');
  const fixed = prefix.slice(0, most).map((own, index) => part(own, `prefixItems/${index}`));
  if (items === false && least > fixed.length) refuse(path, '"minItems" is more than "prefixItems" has');
  // A tuple is written whole; what may follow it only where the schema says what.
  const isOpen = items !== false && (prefix.length === 0 || schema['items'] !== undefined || least > fixed.length);
  const extra = isOpen ? part(items, 'items') : undefined;
  const leastExtra = Math.max(0, least - fixed.length);
  const mostExtra = most === undefined ? undefined : most - fixed.length;
  return `"[" ${space} ${list(rules, fixed, extra, leastExtra, mostExtra)} "]"`;
}

/** Fixed elements and then others, with the commas between them. */
function list(
  rules: Rules,
  fixed: readonly string[],
  extra: string | undefined,
  least: number,
  most: number | undefined,
): string {
  const start = fixed.join(` "," ${space} `);
  if (extra === undefined || most === 0) return start === '' ? '' : `${start} ${space}`;
  const next = rules.rule(`"," ${space} ${extra}`);
  if (start !== '') return `${start} ${times(next, least, most)} ${space}`;
  const rest = times(next, Math.max(0, least - 1), most === undefined ? undefined : most - 1);
  const all = `${extra} ${rest} ${space}`;
  return least === 0 ? `(${all})?` : all;
}

/** The body of an object. @throws SkepError BAD_SCHEMA. */
export function objectBody(rules: Rules, schema: Keywords, path: string, part: Part): string {
  const required = requiredOf(schema, path);
  const properties = new Map(Object.entries(namedSchemasOf(schema, 'properties', path)));
  for (const name of required) if (!properties.has(name)) properties.set(name, true);
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined && !isSchema(additionalProperties)) {
    refuse(path, '"additionalProperties" is expected to be a schema');
  }
  const least = countOf(schema, 'minProperties', path) ?? 0;
  const most = countOf(schema, 'maxProperties', path);
  if (properties.size === 0 && additionalProperties !== false && additionalProperties !== undefined) {
    if (least > 0 || most !== undefined) refuse(path, 'the number of free properties cannot be held by a grammar');
    return mapBody(rules, part(additionalProperties, 'additionalProperties'));
  }
  if (least > required.size) refuse(path, '"minProperties" above the required ones cannot be held by a grammar');
  if (most !== undefined && most < properties.size) refuse(path, '"maxProperties" cannot be held by a grammar');
  return chainBody(rules, properties, required, part);
}

/** Any names, with values of one kind. */
function mapBody(rules: Rules, value: string): string {
  const name = stringRule(rules, { minLength: 0, maxLength: 64, format: undefined }) ?? '';
  const pair = rules.rule(`${name} ${space} ":" ${space} ${value}`);
  const next = rules.rule(`"," ${space} ${pair}`);
  return `"{" ${space} (${pair} ${next}* ${space})? "}"`;
}

function chainBody(
  rules: Rules,
  properties: ReadonlyMap<string, Schema>,
  required: ReadonlySet<string>,
  part: Part,
): string {
  let first = '';
  let next = '';
  for (const [name, schema] of [...properties].reverse()) {
    const own = part(schema, `properties/${name}`);
    const pair = rules.rule(`${literal(JSON.stringify(name))} ":" ${space} ${own}`);
    const begins = `${pair} ${next}`;
    const follows = `"," ${space} ${pair} ${next}`;
    const isOptional = !required.has(name);
    first = rules.rule(isOptional ? alternatives(begins, first) : begins);
    next = rules.rule(isOptional ? alternatives(follows, next) : follows);
  }
  return `"{" ${space} ${first} ${space} "}"`;
}

/** Either of two bodies; an empty second one makes the first optional. */
function alternatives(body: string, other: string): string {
  return other === '' ? `(${body})?` : `${body} | ${other}`;
}
