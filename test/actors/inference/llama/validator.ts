/** The validator that answers are held against: ajv, which knows nothing of how they were made. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** ajv with the formats that grammars hold. */
export function addFormats(ajv: Ajv2020): Ajv2020 {
  formats.default(ajv, ['date', 'time', 'date-time', 'uuid']);
  return ajv;
}

/** Whether a value is of a schema, by ajv. */
export function validatorOf(schema: Record<string, unknown>): (value: unknown) => boolean {
  return addFormats(new Ajv2020({ strict: false })).compile(schema);
}
