/** What a node tells of a reload: the definitions of the module, each with its actors on all executors together. */
import type { ReloadedDefinition } from './executor/reload.js';

/** The outcome of a reload. Plain data. */
export interface ReloadReport {
  /** File URL of the module. */
  readonly module: string;
  readonly definitions: readonly ReloadedDefinition[];
}

/** Failures told of one definition at most. */
const FAILURES_TOLD = 5;

/** The reports of the executors as one; the first says what changed. */
export function reloadReport(
  module: string,
  [first = [], ...others]: readonly (readonly ReloadedDefinition[])[],
): ReloadReport {
  const definitions = first.map((definition) => {
    const same = [definition, ...others.flat().filter(({ name }) => name === definition.name)];
    const sum = (count: 'pending' | 'migrated' | 'failed'): number =>
      same.reduce((total, entry) => total + entry[count], 0);
    return {
      ...definition,
      pending: sum('pending'),
      migrated: sum('migrated'),
      failed: sum('failed'),
      failures: same.flatMap(({ failures }) => failures).slice(0, FAILURES_TOLD),
    };
  });
  return { module, definitions };
}
