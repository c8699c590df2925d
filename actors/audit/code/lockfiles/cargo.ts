/** Cargo's `Cargo.lock`. A package without source is a member of the workspace and no dependency. */
import { z } from 'zod';
import type { LockfileReader } from './entry.js';
import { parseToml } from './toml.js';

const lockfile = z.looseObject({
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        version: z.string(),
        source: z.string().optional(),
        checksum: z.string().optional(),
      }),
    )
    .optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** Reads `Cargo.lock` of all versions; version 1 keeps the hashes in a table at the end. */
export const cargoLockfile: LockfileReader = {
  ecosystem: 'cargo',
  hashes: true,
  read(text) {
    const { package: packages = [], metadata = {} } = lockfile.parse(parseToml(text));
    return packages.flatMap(({ name, version, source, checksum }) => {
      if (source === undefined) return [];
      const old = metadata[`checksum ${name} ${version} (${source})`];
      return {
        name,
        version,
        licence: '',
        integrity: checksum ?? (typeof old === 'string' ? old : ''),
        resolved: source.replace(/^(?:registry|sparse)\+/, ''),
        development: false,
        hashable: /^(?:registry|sparse)\+/.test(source),
      };
    });
  },
};
