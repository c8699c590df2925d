/**
 * The dependencies on paper: each has a line in `docs/dependencies.md` that says why it is there, and the lock file
 * names the packages of every platform. npm writes a lock file without those that its registry lacks, and `npm ci` then
 * refuses the file on every machine.
 */
import type { Breach } from './sources.js';

/** The parts of package.json that the rules read. */
export interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The parts of package-lock.json that the rules read. */
export interface LockFile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

const pagePath = 'docs/dependencies.md';

/** Dependencies without a reason on the page, and lines of the page about nothing. */
export function reasonBreaches({ dependencies, devDependencies }: PackageFile, page: string): readonly Breach[] {
  const wanted = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  const given = new Map(
    [...page.matchAll(/^\| `([^`]+)` \|([^|]*)\|/gm)].map((row) => [row[1] ?? '', (row[2] ?? '').trim()]),
  );
  const missing = wanted.filter((name) => (given.get(name) ?? '').length < 10).map((name) => `${name} has no reason`);
  const extra = [...given.keys()].filter((name) => !wanted.includes(name)).map((name) => `${name} is not a dependency`);
  return [...missing, ...extra].map((message) => ({ path: pagePath, line: 0, message }));
}

/** Optional packages, such as the binaries of other platforms, that the lock file does not name. */
export function lockBreaches({ packages }: LockFile): readonly Breach[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => ({
        path: 'package-lock.json',
        line: 0,
        message: `${path} may need ${name}, which is not in the file`,
      })),
  );
}

/** Whether a package is found from another as Node would: in its own `node_modules`, or in one further up. */
function isLocked(packages: LockFile['packages'], path: string, name: string): boolean {
  const parts = path === '' ? [''] : ['', ...path.split(/(?<=^|\/)node_modules\//).slice(1)];
  return parts.some((_, depth) => {
    const above = parts.slice(1, depth + 1).map((part) => `node_modules/${part.replace(/\/$/, '')}/`);
    return packages[`${above.join('')}node_modules/${name}`] !== undefined;
  });
}
