/**
 * What a definition says, as text: its options, the source of its handlers and its schemas. A module that is loaded
 * again gives new values for all of its definitions, also for those that nobody changed; their texts are the same.
 * What a handler calls outside of the definition is not part of it.
 */
import type { AnyDefinition } from './definition.js';
import { jsonSchemas } from './schemas.js';

/** The text of a definition; two definitions with one text behave alike as far as they say themselves. */
export function fingerprint({ schemas, ...definition }: AnyDefinition): string {
  return JSON.stringify({ ...definition, schemas: jsonSchemas(schemas) }, (_key, value: unknown) => {
    if (typeof value === 'function') return Function.prototype.toString.call(value);
    return value instanceof Set ? [...value] : value;
  });
}
