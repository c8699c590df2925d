/**
 * What every reader of a lockfile gives: one plain entry per locked package, whatever the format. Judging the entries
 * is the same for all formats and done once, elsewhere.
 */

/** One locked package. */
export interface LockEntry {
  readonly name: string;
  readonly version: string;
  /** Declared licence, or '' when the lockfile does not say. */
  readonly licence: string;
  /** Hash as the lockfile states it, or ''. */
  readonly integrity: string;
  /** Where it is fetched from, or ''. May hold credentials: never printed. */
  readonly resolved: string;
  readonly development: boolean;
  /** Whether its kind has a hash at all: a package from git or from a folder has none. */
  readonly hashable: boolean;
}

/** A reader of one format. Throws when the text is not of the format. */
export interface LockfileReader {
  /** Package URL type of the entries. */
  readonly ecosystem: 'npm' | 'cargo' | 'pypi' | 'golang';
  /** Whether the format has integrity hashes as a rule, so that one that is missing is worth a word. */
  readonly hashes: boolean;
  /** `path` tells lockfiles for development from others where the format does not. */
  readonly read: (text: string, path: string) => readonly LockEntry[];
}
