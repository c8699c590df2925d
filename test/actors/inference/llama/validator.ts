/** The validator that answers are held against: ajv, which knows nothing of how they were made. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv, ['date', 'time', 'date-time', 'uuid']);
const compiled = new Map<string, ValidateFunction>();

/** Whether a value is of a schema, by ajv. */
export function validatorOf(schema: Record<string, unknown>): (value: unknown) => boolean {
  const key = JSON.stringify(schema);
  const known = compiled.get(key) ?? ajv.compile(schema);
  compiled.set(key, known);
  return (value) => known(value);
}
