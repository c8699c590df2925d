/** Python's lockfiles: `poetry.lock`, and `requirements*.txt` as far as versions are pinned with `==`. */
import { z } from 'zod';
import type { LockEntry, LockfileReader } from './entry.js';
import { parseToml } from './toml.js';

const files = z.array(z.looseObject({ file: z.string(), hash: z.string().optional() }));

const poetry = z.looseObject({
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        version: z.string(),
        category: z.string().optional(),
        groups: z.array(z.string()).optional(),
        files: files.optional(),
        source: z.looseObject({ type: z.string().optional(), url: z.string().optional() }).optional(),
      }),
    )
    .optional(),
  metadata: z.looseObject({ files: z.record(z.string(), files).optional() }).optional(),
});

/** A package has a hash per archive; the first in the order of file names stands for all. */
function firstHash(list: z.infer<typeof files>): string {
  return (
    list.toSorted((left, right) => (left.file < right.file ? -1 : 1)).find(({ hash }) => hash !== undefined)?.hash ?? ''
  );
}

/** Reads `poetry.lock` of versions 1 and 2. */
export const poetryLockfile: LockfileReader = {
  ecosystem: 'pypi',
  hashes: true,
  read(text) {
    const { package: packages = [], metadata } = poetry.parse(parseToml(text));
    return packages.map((entry) => ({
      name: entry.name,
      version: entry.version,
      licence: '',
      integrity: firstHash(entry.files ?? metadata?.files?.[entry.name] ?? []),
      resolved: entry.source?.url ?? '',
      development: entry.groups === undefined ? entry.category === 'dev' : !entry.groups.includes('main'),
      hashable: !['git', 'directory', 'file', 'url'].includes(entry.source?.type ?? ''),
    }));
  },
};

const pinned = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,#\\*]+)\s*(?:;[^#]*?)?(?=\s|$)/;

/** Reads the pinned lines of a requirements file. Hashes are the exception there, so none is missed. */
export const requirementsFile: LockfileReader = {
  ecosystem: 'pypi',
  hashes: false,
  read(text, path) {
    const development = /(?:^|[-_./])(?:dev|develop|development|tests?|testing|docs?|lint)(?:[-_./]|$)/i.test(path);
    const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
    // One index serves all lines; a plain address of it is the finding, once.
    const index = lines
      .map((line) => /^\s*(?:-i|--index-url)[\s=]+(\S+)/.exec(line)?.[1])
      .find((url) => url !== undefined);
    return lines.flatMap((line): readonly LockEntry[] => {
      const [, name, version] = pinned.exec(line.trim()) ?? [];
      if (name === undefined || version === undefined) return [];
      const [, integrity = ''] = /--hash[=\s]+(\S+)/.exec(line) ?? [];
      return [{ name, version, licence: '', integrity, resolved: index ?? '', development, hashable: true }];
    });
  },
};
