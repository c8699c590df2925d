/**
 * pnpm's `pnpm-lock.yaml`. The key of a package was `/name/1.0.0` (versions 5), `/name@1.0.0(peer@2.0.0)` (6) and is
 * `name@1.0.0` (9). Versions 5 and 6 mark what is for development; 9 does not, so there it is what no importer reaches
 * without its development dependencies.
 */
import { z } from 'zod';
import type { LockEntry, LockfileReader } from './entry.js';
import { parseYaml } from './yaml.js';

const packageEntry = z.looseObject({
  resolution: z.looseObject({ integrity: z.string().optional(), tarball: z.string().optional() }).optional(),
  name: z.string().optional(),
  version: z.union([z.string(), z.number()]).optional(),
  dev: z.boolean().optional(),
});

const versions = z.record(z.string(), z.union([z.string(), z.looseObject({ version: z.string() })])).nullish();
const importer = z.looseObject({ dependencies: versions, optionalDependencies: versions });
const snapshot = z.looseObject({ dependencies: versions, optionalDependencies: versions });

const lockfile = z.looseObject({
  lockfileVersion: z.union([z.string(), z.number()]),
  packages: z.record(z.string(), packageEntry).nullish(),
  importers: z.record(z.string(), importer).nullish(),
  snapshots: z.record(z.string(), snapshot.nullable()).nullish(),
});
type Lockfile = z.infer<typeof lockfile>;

/** Name and version from a key of any version. */
function identityOf(key: string): { readonly name: string; readonly version: string } | undefined {
  const plain = key.replace(/\(.*$/, '').replace(/^\//, '');
  const match = /^(@[^/@]+\/[^/@]+|[^/@]+)[@/](.+)$/.exec(plain);
  const [, name, version] = match ?? [];
  // Version 5 writes peers behind an underscore.
  return name === undefined || version === undefined ? undefined : { name, version: version.replace(/_.*$/, '') };
}

function readEntry(
  key: string,
  entry: z.infer<typeof packageEntry>,
  production: ReadonlySet<string> | undefined,
): readonly LockEntry[] {
  const identity = identityOf(key);
  const name = entry.name ?? identity?.name;
  const version = entry.version === undefined ? identity?.version : String(entry.version);
  if (name === undefined || version === undefined || /^(?:file|link):/.test(version)) return [];
  const { integrity = '', tarball = '' } = entry.resolution ?? {};
  return [
    {
      name,
      version,
      licence: '',
      integrity,
      resolved: tarball,
      development: production === undefined ? entry.dev === true : !production.has(key),
      hashable: !/^(?:git|https?:|github\.com|codeload)/.test(version) && !/^(?:git|file)/.test(tarball),
    },
  ];
}

/** Keys that the importers reach without their development dependencies; undefined before version 9. */
function productionKeys({ importers, snapshots }: Lockfile): ReadonlySet<string> | undefined {
  if (snapshots === undefined || snapshots === null) return undefined;
  const open = Object.values(importers ?? {}).flatMap(keysOf);
  const seen = new Set(open);
  for (const key of open) {
    for (const next of keysOf(snapshots[key] ?? {})) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return new Set([...seen].map((key) => key.replace(/\(.*$/, '')));
}

/** Keys of the snapshots that an importer or a snapshot depends on. A version may itself be a key, for an alias. */
function keysOf(holder: {
  readonly dependencies?: z.infer<typeof versions>;
  readonly optionalDependencies?: z.infer<typeof versions>;
}): readonly string[] {
  return [holder.dependencies, holder.optionalDependencies].flatMap((list) =>
    Object.entries(list ?? {}).map(([name, value]) => {
      const version = typeof value === 'string' ? value : value.version;
      return /^@?[^@(]+@/.test(version) ? version : `${name}@${version}`;
    }),
  );
}

/** Reads pnpm's lockfiles of versions 5, 6 and 9. */
export const pnpmLockfile: LockfileReader = {
  ecosystem: 'npm',
  hashes: true,
  read(text) {
    const lock = lockfile.parse(parseYaml(text));
    const production = productionKeys(lock);
    return Object.entries(lock.packages ?? {}).flatMap(([key, entry]) => readEntry(key, entry, production));
  },
};
