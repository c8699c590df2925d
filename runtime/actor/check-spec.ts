/** The check of a spawn spec that did not come from code of this node: a bad field is the sender's error, not ours. */
import { type SpawnSpec, spawnSpecSchema } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';

/** The spec that a value is. @throws SkepError BAD_MESSAGE naming the first bad field. */
export function checkSpec(value: unknown): SpawnSpec {
  const result = spawnSpecSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'spec';
  throw new SkepError('BAD_MESSAGE', `spawn spec refused: ${field}: ${issue?.message ?? 'invalid'}`, { field });
}
