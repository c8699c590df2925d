/**
 * Versions of a definition and the way of a state from one to the next, OTP's code_change: either one function that
 * takes a state of any older version, or a chain of steps, each from one version to the next.
 *
 *     version: 4, migrations: { 1: to2, 2: to3, 3: to4 }      a state of version 2 passes to3, then to4
 *
 * Neither means that the state of every older version is a state of this one.
 */
import { SkepError } from '#protocols/wire/error';

// oxlint-disable typescript/no-explicit-any -- the states of older versions have types of their own
/** From a state of `fromVersion` to one of this version. Must not be async: no message is handled meanwhile. */
export type Migrate<State> = (state: any, fromVersion: number) => State;
/** Steps by the version that they start from. */
export type Migrations = Readonly<Record<number, (state: any) => unknown>>;
// oxlint-enable typescript/no-explicit-any

/** What a definition says about older versions. */
export interface MigrationOptions<State> {
  /** Makes a state of this version from one of any older version. Either this or `migrations`. */
  readonly migrate?: Migrate<State>;
  /** Steps, each to the version after its own; they reach up to `version` without a gap. */
  readonly migrations?: Migrations;
  /**
   * What becomes of an actor whose state cannot be migrated: `keep` (default) leaves it on its old version, with the
   * old state, and reports it; `fail` is a crash, for its supervisor to judge.
   */
  readonly whenMigrationFails?: 'keep' | 'fail';
}

/** What is checked where a definition is written. @throws SkepError BAD_CONFIG. */
export function checkMigrations(definition: string, version: number, options: MigrationOptions<unknown>): void {
  const { migrate, migrations } = options;
  if (migrations === undefined) return;
  if (migrate !== undefined) refuse(definition, 'migrate and migrations: expected one of the two');
  const froms = Object.keys(migrations)
    .map(Number)
    .sort((a, b) => a - b);
  froms.forEach((from, index) => {
    const expected = version - froms.length + index;
    if (from !== expected || from < 0) {
      const text = `migrations from ${froms.join(', ')}: expected a chain of versions without a gap up to ${version - 1}`;
      refuse(definition, text);
    }
  });
}

/** The state as version `version` has it. Throws what a step throws, or when there is no way from `from`. */
export function migrated(
  version: number,
  { migrate, migrations }: MigrationOptions<unknown>,
  state: unknown,
  from: number,
): unknown {
  if (migrate !== undefined) return settled(migrate(state, from));
  let at = state;
  for (let step = from; migrations !== undefined && step < version; step += 1) {
    const next = migrations[step];
    if (next === undefined) throw new Error(`there is no migration from version ${step}`);
    at = settled(next(at));
  }
  return at;
}

function settled(state: unknown): unknown {
  if (!(state instanceof Promise)) return state;
  state.catch(() => {});
  throw new Error('a migration gave a promise: it must not be async');
}

function refuse(definition: string, text: string): never {
  throw new SkepError('BAD_CONFIG', `definition ${definition}: ${text}`, { definition });
}
