/** Which file names are lockfiles, and who reads them. */
import { cargoLockfile } from './cargo.js';
import type { LockfileReader } from './entry.js';
import { goSum } from './go.js';
import { npmLockfile } from './npm.js';
import { pnpmLockfile } from './pnpm.js';
import { poetryLockfile, requirementsFile } from './python.js';
import { yarnLockfile } from './yarn.js';

const byName: ReadonlyMap<string, LockfileReader> = new Map([
  ['package-lock.json', npmLockfile],
  ['npm-shrinkwrap.json', npmLockfile],
  ['pnpm-lock.yaml', pnpmLockfile],
  ['yarn.lock', yarnLockfile],
  ['Cargo.lock', cargoLockfile],
  ['poetry.lock', poetryLockfile],
  ['go.sum', goSum],
]);

/** The reader of the lockfile at a path, or undefined when the path is none. */
export function lockfileReader(path: string): LockfileReader | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    byName.get(name) ??
    (/^requirements[\w.-]*\.txt$|^[\w.-]*requirements\.txt$/.test(name) ? requirementsFile : undefined)
  );
}
