/** References within one schema: `#`, `#/$defs/name`, and any other JSON pointer (RFC 6901) into it. */
import { isSchema, refuse, type Schema } from './keywords.js';

/** What a reference leads to, and the pointer in one spelling. @throws SkepError BAD_SCHEMA when it leads nowhere. */
export function resolveRef(
  root: Schema,
  reference: string,
  path: string,
): { readonly schema: Schema; readonly pointer: string } {
  if (!reference.startsWith('#')) refuse(path, `"$ref" may only point into the same schema; found "${reference}"`);
  const steps = pointerSteps(reference, path);
  let place: unknown = root;
  for (const step of steps) {
    const isThere = typeof place === 'object' && place !== null && Object.hasOwn(place, step);
    if (!isThere) refuse(path, `"$ref" points to "${reference}", which is not there`);
    place = (place as Readonly<Record<string, unknown>>)[step];
  }
  if (!isSchema(place)) refuse(path, `"$ref" points to "${reference}", which is no schema`);
  return { schema: place, pointer: `/${steps.join('/')}` };
}

function pointerSteps(reference: string, path: string): readonly string[] {
  try {
    const pointer = decodeURIComponent(reference.slice(1));
    if (pointer !== '' && !pointer.startsWith('/')) refuse(path, `"$ref" is no JSON pointer: "${reference}"`);
    return pointer
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch (error) {
    if (error instanceof URIError) refuse(path, `"$ref" is badly encoded: "${reference}"`);
    throw error;
  }
}
