/**
 * `yarn.lock`, of which there are two: classic (version 1, a format of its own) and berry (YAML with `__metadata`).
 * Neither says what is for development.
 *
 *   "@scope/name@^1.0.0", "@scope/name@~1.0.1":        classic: ranges that one version answers
 *     version "1.0.2"
 *     resolved "https://registry/name.tgz#<sha1>"
 *     integrity sha512-...
 */
import { z } from 'zod';
import type { LockEntry, LockfileReader } from './entry.js';
import { parseYaml } from './yaml.js';

const berryEntry = z.looseObject({
  version: z.union([z.string(), z.number()]),
  resolution: z.string(),
  checksum: z.union([z.string(), z.number()]).optional(),
  linkType: z.string().optional(),
});
const berry = z.looseObject({ __metadata: z.looseObject({ version: z.union([z.string(), z.number()]) }) });

function readBerry(text: string): readonly LockEntry[] {
  const { __metadata, ...packages } = berry.parse(parseYaml(text));
  return Object.values(packages).flatMap((value) => {
    const entry = berryEntry.parse(value);
    const [, name, source] = /^(@?[^@]+)@([a-z+]+):/.exec(entry.resolution) ?? [];
    if (name === undefined || entry.linkType === 'soft' || source === 'workspace') return [];
    const integrity = entry.checksum === undefined ? '' : String(entry.checksum);
    return [
      {
        name,
        version: String(entry.version),
        licence: '',
        integrity,
        resolved: '',
        development: false,
        hashable: source === 'npm',
      },
    ];
  });
}

function readClassic(text: string): readonly LockEntry[] {
  if (!/^# yarn lockfile v1$/m.test(text) && text.trim() !== '') throw new Error('no mark of yarn lockfile v1');
  const blocks = text.replaceAll('\r\n', '\n').split(/\n(?=\S)/);
  return blocks.filter((block) => !block.trimStart().startsWith('#') && block.trim() !== '').flatMap(readBlock);
}

function readBlock(block: string): readonly LockEntry[] {
  const [header = ''] = block.split('\n', 1);
  const range = /^"?((?:@[^@/]+\/)?[^@"]+)@([^",:]*(?::[^",]*)?)/.exec(header);
  const version = fieldOf(block, 'version');
  if (range === null || version === '' || !header.trimEnd().endsWith(':')) throw new Error('an entry without version');
  const aliased = /^npm:((?:@[^@/]+\/)?[^@]+)@/.exec(range[2] ?? '');
  const resolved = fieldOf(block, 'resolved');
  if (/^(?:file|link):/.test(range[2] ?? '') && resolved === '') return [];
  // Before there was an integrity field, the hash of the archive stood behind the address.
  const [, hash = ''] = /#([0-9a-f]{40})$/.exec(resolved) ?? [];
  const archive = /^https?:.*\.tgz/.test(resolved);
  const integrity =
    fieldOf(block, 'integrity') ||
    (hash !== '' && archive ? `sha1-${Buffer.from(hash, 'hex').toString('base64')}` : '');
  return [
    {
      name: aliased?.[1] ?? range[1] ?? '',
      version,
      licence: '',
      integrity,
      resolved,
      development: false,
      hashable: archive,
    },
  ];
}

function fieldOf(block: string, field: string): string {
  return new RegExp(`^ {2}"?${field}"? "?([^"\\n]*)"?$`, 'm').exec(block)?.[1] ?? '';
}

/** Reads both kinds of `yarn.lock`. */
export const yarnLockfile: LockfileReader = {
  ecosystem: 'npm',
  hashes: true,
  read: (text) => (/^__metadata:/m.test(text) ? readBerry(text) : readClassic(text)),
};
