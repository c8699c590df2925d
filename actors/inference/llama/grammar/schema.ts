/**
 * JSON schemas as grammars, so that a model can write nothing but JSON of the schema. The grammar may allow less than
 * the schema and never more: properties come in the order of the schema and no others beside them, upper bounds above
 * 1,000 count as 1,000, an array without `maxItems` has no bound. What no grammar can hold is refused (see `keywords.ts`).
 * After json-schema-to-grammar of llama.cpp, from which it differs in what it refuses and in that references into the
 * schema may be recursive.
 */
import { inferenceLimits } from '#protocols/wire/inference';
import { conforms } from './conforms.js';
import { literal, longestCount, oneOf, type Rules } from './gbnf.js';
import {
  countOf,
  isSchema,
  narrowing,
  numberOf,
  refuse,
  refuseUnsupported,
  schemasOf,
  type Schema,
} from './keywords.js';
import { integerBody, numberBody } from './numbers.js';
import { arrayBody, objectBody } from './containers.js';
import { resolveRef } from './refs.js';
import { stringRule } from './strings.js';

type Keywords = Exclude<Schema, boolean>;

/** Rules of a grammar at most; a larger one slows each token down. */
const mostRules = 20_000;
/** Levels of a value of which the schema says nothing. */
const freeLevels = 4;

/** Where in a schema the compiler is. */
interface Place {
  /** Such as `schema/properties/name`. */
  readonly path: string;
  readonly depth: number;
  /** References followed since the last character: one that comes up again would never end. */
  readonly head: readonly string[];
}

/** Turns one schema into rules. */
export class SchemaCompiler {
  readonly #rules: Rules;
  readonly #root: Schema;
  readonly #references = new Map<string, string>();

  constructor(rules: Rules, root: Schema) {
    this.#rules = rules;
    this.#root = root;
  }

  /** The name of the rule of the whole schema. @throws SkepError BAD_SCHEMA. */
  compile(name: string): string {
    return this.#rule(this.#root, { path: name, depth: 0, head: [] });
  }

  #rule(schema: Schema, place: Place): string {
    if (place.depth > inferenceLimits.schemaDepth) {
      refuse(place.path, `is nested deeper than ${inferenceLimits.schemaDepth} schemas; flatten it`);
    }
    if (this.#rules.size > mostRules)
      refuse(place.path, `makes a grammar of more than ${mostRules} rules; simplify it`);
    if (schema === true) return this.#free(freeLevels);
    if (schema === false) refuse(place.path, 'allows no value');
    refuseUnsupported(schema, place.path);
    const { $ref, const: constant, enum: values } = schema;
    if (constant !== undefined) return this.#values([constant], schema, place);
    if (values !== undefined) {
      if (!Array.isArray(values)) refuse(place.path, '"enum" is expected to be a list');
      return this.#values(values, schema, place);
    }
    if ($ref !== undefined) return this.#reference($ref, schema, place);
    const branches = this.#branches(schema, place);
    if (branches !== undefined) return branches;
    return this.#typed(schema, place);
  }

  /** The values of an `enum` or a `const` that the rest of the schema allows. */
  #values(values: readonly unknown[], schema: Keywords, { path }: Place): string {
    const fitting = values.filter((value) => conforms(value, schema, this.#root));
    if (fitting.length === 0) refuse(path, 'allows no value');
    return this.#rules.rule(oneOf(fitting.map((value) => literal(JSON.stringify(value)))));
  }

  #reference(reference: unknown, schema: Keywords, { path, depth, head }: Place): string {
    if (typeof reference !== 'string') refuse(path, '"$ref" is expected to be a text');
    const beside = Object.keys(schema).find((keyword) => keyword !== '$ref' && narrowing.has(keyword));
    if (beside !== undefined) refuse(path, `"${beside}" beside "$ref" cannot be held by a grammar; merge the two`);
    const target = resolveRef(this.#root, reference, path);
    if (head.includes(target.pointer)) refuse(path, `"$ref" to "${reference}" leads back to itself`);
    const known = this.#references.get(target.pointer);
    if (known !== undefined) return known;
    const name = this.#rules.reserve();
    this.#references.set(target.pointer, name);
    const place = { path: `${path}/$ref`, depth: depth + 1, head: [...head, target.pointer] };
    this.#rules.define(name, this.#rule(target.schema, place));
    return name;
  }

  /** The rule of `anyOf`, `oneOf` or `allOf`, or undefined when the schema has none of them. */
  #branches(schema: Keywords, { path, depth, head }: Place): string | undefined {
    const keyword = (['anyOf', 'oneOf', 'allOf'] as const).find((one) => schema[one] !== undefined);
    if (keyword === undefined) return undefined;
    const branches = schemasOf(schema, keyword, path) ?? [];
    if (keyword === 'allOf' && branches.length > 1) {
      refuse(path, '"allOf" of several schemas cannot be held by a grammar; merge them');
    }
    const { [keyword]: _, ...rest } = schema;
    const names = branches.map((branch, index) => {
      const own = `${path}/${keyword}/${index}`;
      return this.#rule(merged(rest, branch, own), { path: own, depth: depth + 1, head });
    });
    return this.#rules.rule(oneOf([...new Set(names)]));
  }

  #typed(schema: Keywords, place: Place): string {
    const types = typesOf(schema, place.path);
    if (types === undefined) return this.#free(freeLevels);
    const names = types.map((type) => this.#ofType(type, schema, place));
    return names.length === 1 && names[0] !== undefined ? names[0] : this.#rules.rule(oneOf(names));
  }

  #ofType(type: string, schema: Keywords, { path, depth }: Place): string {
    const part = (own: Schema, name: string): string =>
      this.#rule(own, { path: `${path}/${name}`, depth: depth + 1, head: [] });
    switch (type) {
      case 'null':
        return this.#rules.rule('"null"');
      case 'boolean':
        return this.#rules.rule('"true" | "false"');
      case 'integer':
      case 'number':
        return this.#number(type, schema, path);
      case 'string':
        return this.#string(schema, path);
      case 'array':
        return this.#rules.rule(arrayBody(this.#rules, schema, path, part));
      case 'object':
        return this.#rules.rule(objectBody(this.#rules, schema, path, part));
      default:
        return refuse(path, `"type" is expected to be one of JSON's types; found ${JSON.stringify(type)}`);
    }
  }

  #number(type: 'integer' | 'number', schema: Keywords, path: string): string {
    const [low, over] = [numberOf(schema, 'minimum', path), numberOf(schema, 'exclusiveMinimum', path)];
    const [high, under] = [numberOf(schema, 'maximum', path), numberOf(schema, 'exclusiveMaximum', path)];
    const lowOpen = over !== undefined && (low === undefined || over >= low);
    const highOpen = under !== undefined && (high === undefined || under <= high);
    const bounds = { low: lowOpen ? over : low, high: highOpen ? under : high, lowOpen, highOpen };
    const body = type === 'integer' ? integerBody(bounds) : numberBody(bounds);
    if (body === undefined) {
      refuse(
        path,
        type === 'integer' ? 'allows no integer' : 'has no integer between its bounds, which a grammar needs',
      );
    }
    return this.#rules.rule(body);
  }

  #string(schema: Keywords, path: string): string {
    const minLength = countOf(schema, 'minLength', path) ?? 0;
    if (minLength > longestCount) refuse(path, `"minLength" may be ${longestCount} at most`);
    const { format } = schema;
    const form = { minLength, maxLength: countOf(schema, 'maxLength', path) };
    const rule = stringRule(this.#rules, { ...form, format: typeof format === 'string' ? format : undefined });
    return rule ?? refuse(path, 'allows no string: its length contradicts itself or its format');
  }

  /** Any JSON of so many levels: without a bound a model that has lost its way would nest for ever. */
  #free(levels: number): string {
    const strings = stringRule(this.#rules, { minLength: 0, maxLength: undefined, format: undefined }) ?? '';
    const scalars = ['"true"', '"false"', '"null"', strings, this.#rules.rule(numberBody({}) ?? '')];
    if (levels <= 1) return this.#rules.rule(oneOf(scalars));
    const part = (): string => this.#free(levels - 1);
    return this.#rules.rule(
      oneOf([
        ...scalars,
        this.#rules.rule(arrayBody(this.#rules, {}, '', part)),
        this.#rules.rule(objectBody(this.#rules, { additionalProperties: true }, '', part)),
      ]),
    );
  }
}

/** The types that a schema allows; those its other keywords speak of when it does not say. */
function typesOf(schema: Keywords, path: string): readonly string[] | undefined {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type) && type.length > 0) {
    if (!type.every((one) => typeof one === 'string')) refuse(path, '"type" is expected to name types');
    return [...new Set(type)];
  }
  if (type !== undefined) refuse(path, '"type" is expected to be a name or a list of names');
  const has = (...keywords: readonly string[]): boolean => keywords.some((keyword) => schema[keyword] !== undefined);
  if (has('properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties')) return ['object'];
  if (has('items', 'prefixItems', 'minItems', 'maxItems')) return ['array'];
  if (has('minLength', 'maxLength', 'format')) return ['string'];
  return has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum') ? ['number'] : undefined;
}

/** A branch with what stands beside its keyword. */
function merged(rest: Keywords, branch: Schema, path: string): Schema {
  const beside = Object.keys(rest).filter((keyword) => narrowing.has(keyword));
  if (beside.length === 0 || branch === false) return branch;
  if (branch === true) return rest;
  for (const keyword of beside) {
    const isSame = JSON.stringify(branch[keyword]) === JSON.stringify(rest[keyword]);
    if (branch[keyword] !== undefined && !isSame) refuse(path, `"${keyword}" is said twice; merge the two`);
  }
  if (branch['$ref'] !== undefined) refuse(path, `"${beside[0] ?? ''}" beside "$ref" cannot be held by a grammar`);
  const joined = { ...rest, ...branch };
  return isSchema(joined) ? joined : refuse(path, 'is no schema');
}
