/**
 * How large a JSON schema is, told without recursion: a schema from outside may be nested deeper than any stack, and a
 * grammar made of it would end the native compiler. Checked before a schema is sent anywhere.
 */
import { SkepError } from '#protocols/wire/error';
import { inferenceLimits } from '#protocols/wire/inference';

/** Levels of JSON for one level of a schema: `properties`, the property, and its own keywords. */
const levelsOfJson = 3;

/** @throws SkepError BAD_SCHEMA when a schema is too deep or has too many nodes. */
export function checkSchemaSize(schema: unknown, name: string): void {
  const deepest = inferenceLimits.schemaDepth * levelsOfJson;
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: schema, depth: 0 }];
  let nodes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    nodes += 1;
    if (nodes > inferenceLimits.schemaNodes) {
      throw new SkepError('BAD_SCHEMA', `${name} has more than ${inferenceLimits.schemaNodes} nodes; split it`, {
        name,
      });
    }
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth >= deepest) {
      throw new SkepError(
        'BAD_SCHEMA',
        `${name} is nested deeper than ${inferenceLimits.schemaDepth} schemas; flatten it`,
        { name },
      );
    }
    for (const value of Object.values(next.value)) open.push({ value, depth: next.depth + 1 });
  }
}
