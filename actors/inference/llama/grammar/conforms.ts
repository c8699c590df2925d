/**
 * Whether a value fits a schema, over the keywords that grammars here hold. A second look at what a grammar let through:
 * it catches what a grammar cannot see (an exact `oneOf`, the rounding of a long number) and picks the values of an
 * `enum` that the rest of their schema allows. It is no validator for schemas at large.
 */
import { isSchema, type Schema } from './keywords.js';
import { resolveRef } from './refs.js';

type Rules = Exclude<Schema, boolean>;

/** @param root what `$ref` counts from. */
export function conforms(value: unknown, schema: Schema, root: Schema = schema): boolean {
  if (typeof schema === 'boolean') return schema;
  if (typeof schema['$ref'] === 'string' && !conforms(value, resolveRef(root, schema['$ref'], '$ref').schema, root)) {
    return false;
  }
  return (
    fitsType(value, schema['type']) &&
    fitsValues(value, schema) &&
    fitsBranches(value, schema, root) &&
    fitsNumber(value, schema) &&
    fitsString(value, schema) &&
    fitsArray(value, schema, root) &&
    fitsObject(value, schema, root)
  );
}

function fitsType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true;
  if (Array.isArray(type)) return type.some((one) => fitsType(value, one));
  switch (type) {
    case 'null':
      return value === null;
    case 'boolean':
    case 'string':
      return typeof value === type;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return false;
  }
}

function fitsValues(value: unknown, schema: Rules): boolean {
  if (schema['const'] !== undefined && !isSame(value, schema['const'])) return false;
  const { enum: values } = schema;
  return !Array.isArray(values) || values.some((one) => isSame(value, one));
}

function fitsBranches(value: unknown, schema: Rules, root: Schema): boolean {
  const count = (keyword: string): readonly [fitting: number, all: number] | undefined => {
    const branches = schema[keyword];
    if (!Array.isArray(branches)) return undefined;
    return [branches.filter((one) => isSchema(one) && conforms(value, one, root)).length, branches.length];
  };
  const [any, one, all] = [count('anyOf'), count('oneOf'), count('allOf')];
  if (any !== undefined && any[0] === 0) return false;
  if (one !== undefined && one[0] !== 1) return false;
  return all === undefined || all[0] === all[1];
}

function fitsNumber(value: unknown, schema: Rules): boolean {
  if (typeof value !== 'number') return true;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (typeof minimum === 'number' && value < minimum) return false;
  if (typeof maximum === 'number' && value > maximum) return false;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return false;
  return !(typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum);
}

function fitsString(value: unknown, schema: Rules): boolean {
  if (typeof value !== 'string') return true;
  const { minLength, maxLength } = schema;
  if (minLength === undefined && maxLength === undefined) return true;
  const length = [...value].length;
  if (typeof minLength === 'number' && length < minLength) return false;
  return !(typeof maxLength === 'number' && length > maxLength);
}

function fitsArray(value: unknown, schema: Rules, root: Schema): boolean {
  if (!Array.isArray(value)) return true;
  const { minItems, maxItems, items } = schema;
  if (typeof minItems === 'number' && value.length < minItems) return false;
  if (typeof maxItems === 'number' && value.length > maxItems) return false;
  const prefix = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
  return value.every((item, index) => {
    const own: unknown = index < prefix.length ? prefix[index] : items;
    return !isSchema(own) || conforms(item, own, root);
  });
}

function fitsObject(value: unknown, schema: Rules, root: Schema): boolean {
  if (!isObject(value)) return true;
  const { required, properties, additionalProperties, minProperties, maxProperties } = schema;
  if (Array.isArray(required) && !required.every((name) => typeof name === 'string' && Object.hasOwn(value, name))) {
    return false;
  }
  const names = Object.keys(value);
  if (typeof minProperties === 'number' && names.length < minProperties) return false;
  if (typeof maxProperties === 'number' && names.length > maxProperties) return false;
  const known = isObject(properties) ? properties : {};
  return names.every((name) => {
    const own: unknown = Object.hasOwn(known, name) ? known[name] : additionalProperties;
    return !isSchema(own) || conforms(value[name], own, root);
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are equal; the order of keys does not count. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => isSame(one, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}
