/**
 * npm's `package-lock.json` and `npm-shrinkwrap.json`. Version 1 is a tree of names; versions 2 and 3 are a flat map of
 * folders, where '' is the project itself and a folder without `node_modules` is a workspace of it.
 */
import { z } from 'zod';
import type { LockEntry, LockfileReader } from './entry.js';

const licence = z.union([z.string(), z.looseObject({ type: z.string().optional() }), z.array(z.unknown())]);

const flatEntry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.union([z.string(), z.boolean()]).optional(),
  integrity: z.string().optional(),
  license: licence.optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
});
type FlatEntry = z.infer<typeof flatEntry>;

const treeEntry = z.looseObject({
  version: z.string(),
  resolved: z.union([z.string(), z.boolean()]).optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  bundled: z.boolean().optional(),
  get dependencies() {
    return z.record(z.string(), treeEntry).optional();
  },
});
type TreeEntry = z.infer<typeof treeEntry>;

const lockfile = z.union([
  z.looseObject({ packages: z.record(z.string(), flatEntry) }),
  z.looseObject({ dependencies: z.record(z.string(), treeEntry) }),
  z.looseObject({ lockfileVersion: z.number(), packages: z.undefined(), dependencies: z.undefined() }),
]);

const folder = 'node_modules/';

function readFlat([path, entry]: readonly [string, FlatEntry]): readonly LockEntry[] {
  const at = path.lastIndexOf(folder);
  if (at < 0 || entry.link === true || entry.version === undefined) return [];
  return [
    {
      name: entry.name ?? path.slice(at + folder.length),
      version: entry.version,
      licence: licenceText(entry.license),
      integrity: entry.integrity ?? '',
      resolved: textOf(entry.resolved),
      development: entry.dev === true,
      hashable: entry.inBundle !== true && isRegistry(textOf(entry.resolved)),
    },
  ];
}

/** Old packages state an object or a list of them. */
function licenceText(value: FlatEntry['license']): string {
  if (typeof value === 'string') return value;
  return value !== undefined && !Array.isArray(value) ? (value.type ?? '') : '';
}

/** An entry of a bundled package has `true` or nothing in place of an address. */
function textOf(resolved: string | boolean | undefined): string {
  return typeof resolved === 'string' ? resolved : '';
}

/** Whether the address is that of an archive; git and folders have other guards. */
function isRegistry(resolved: string): boolean {
  return /^https?:/.test(resolved);
}

/** The tree may be deep, so it is read with a list in place of recursion. */
function readTree(root: Readonly<Record<string, TreeEntry>>): readonly LockEntry[] {
  const entries: LockEntry[] = [];
  const open = Object.entries(root);
  for (const [name, entry] of open) {
    open.push(...Object.entries(entry.dependencies ?? {}));
    if (/^(?:file|link):/.test(entry.version)) continue;
    const aliased = /^npm:(.+)@([^@]+)$/.exec(entry.version);
    entries.push({
      name: aliased?.[1] ?? name,
      version: aliased?.[2] ?? entry.version,
      licence: '',
      integrity: entry.integrity ?? '',
      resolved: textOf(entry.resolved),
      development: entry.dev === true,
      hashable: entry.bundled !== true && isRegistry(textOf(entry.resolved)),
    });
  }
  return entries;
}

/** Reads npm's lockfiles of versions 1 to 3. */
export const npmLockfile: LockfileReader = {
  ecosystem: 'npm',
  hashes: true,
  read(text) {
    const lock = lockfile.parse(JSON.parse(text));
    if (lock.packages !== undefined) {
      return Object.entries(lock.packages as Record<string, FlatEntry>).flatMap(readFlat);
    }
    return readTree(lock.dependencies ?? {});
  },
};
