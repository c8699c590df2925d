/**
 * The skill that reads one lockfile: its components for the SBOM, and what is wrong with them (licences that do not
 * fit the project, packages that nothing guards against exchange). A lockfile that cannot be read is a finding.
 */
import { defineSkill } from '../swarm/skill.js';
import { type LockEntry, type LockfileReader } from './code/lockfiles/entry.js';
import { lockfileReader } from './code/lockfiles/reader.js';
import { parseToml } from './code/lockfiles/toml.js';
import { findingOfFile } from './code/place.js';
import { purlOf } from './code/purl.js';
import { licenceKind } from './code/spdx.js';
import type { Component, Finding, SkippedFile } from './finding.js';
import { isSkipped, readSource } from './source-file.js';

/** One lockfile of the repository at `root`. */
export interface ManifestInput {
  readonly root: string;
  readonly path: string;
}

/** What one lockfile says. */
export interface ManifestOutput {
  readonly components: readonly Component[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly SkippedFile[];
}

/** Lockfiles are long by right: 64 MiB. */
const maxBytes = 64 * 1024 * 1024;

/** Reads one lockfile. */
export const manifestsSkill = defineSkill({
  name: 'audit.manifests',
  version: 1,
  run: async ({ root, path }: ManifestInput): Promise<ManifestOutput> => {
    const file = await readSource(root, path, { maxBytes });
    if (isSkipped(file)) return { components: [], findings: [], skipped: [file] };
    return { ...readManifest(path, file.text, await projectLicence(root, path)), skipped: [] };
  },
});

/** The components and findings of a lockfile's text; `licence` is that of the project it belongs to, or ''. */
export function readManifest(path: string, text: string, licence: string): Omit<ManifestOutput, 'skipped'> {
  const reader = lockfileReader(path);
  if (reader === undefined) return { components: [], findings: [] };
  let entries: readonly LockEntry[];
  try {
    entries = reader.read(text, path);
  } catch {
    // The words of a parser's error may quote the text, so they are left out.
    const message = 'The lockfile is malformed; what it locks is unknown.';
    return { components: [], findings: [findingOfFile(path, 'manifest/malformed', message)] };
  }
  const named = entries.map((entry) => ({ entry, purl: purlOf(reader.ecosystem, entry.name, entry.version) }));
  const unnamed = named.filter(({ purl }) => purl === undefined).length;
  const malformed =
    unnamed === 0
      ? []
      : [
          findingOfFile(path, 'manifest/malformed', `${unnamed} entries have no usable name or version.`, {
            facts: { entries: unnamed },
          }),
        ];
  const findings = [
    ...malformed,
    ...findLicences(path, entries, licence),
    ...findIntegrity(path, entries, reader),
    ...findInsecureUrls(path, entries),
  ];
  const components = named.flatMap(({ entry, purl }) =>
    purl === undefined ? [] : componentOf(entry, purl, path, reader),
  );
  return { components: uniqueByPurl(components), findings: unique(findings) };
}

function componentOf(entry: LockEntry, purl: string, path: string, { ecosystem }: LockfileReader): Component {
  const { name, version, integrity, development } = entry;
  const licence = licenceKind(entry.licence) === 'invalid' ? '' : entry.licence;
  return { ecosystem, name, version, purl, licence, integrity, development, path };
}

/** npm can lock one version in several folders; it is for development only if all of them are. */
function uniqueByPurl(components: readonly Component[]): readonly Component[] {
  const byPurl = new Map<string, Component>();
  for (const component of components) {
    const known = byPurl.get(component.purl);
    const merged =
      known === undefined ? component : { ...known, development: known.development && component.development };
    byPurl.set(component.purl, merged);
  }
  return [...byPurl.values()];
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.message}`, finding])).values()];
}

/** npm's way to say that there is a licence but no SPDX expression for it. */
const ownTerms = /^(?:UNLICENSED$|SEE LICEN[CS]E IN )/i;

function findLicences(path: string, entries: readonly LockEntry[], licence: string): readonly Finding[] {
  if (entries.length === 0) return [];
  if (entries.every((entry) => entry.licence === '')) {
    const message = `The lockfile states no licences; those of ${entries.length} dependencies are unknown to this audit.`;
    return [findingOfFile(path, 'licences/unknown', message, { facts: { components: entries.length } })];
  }
  const permissiveProject = licenceKind(licence) === 'permissive';
  return entries.flatMap((entry) => {
    const facts = { package: entry.name };
    const what = nameOf(entry);
    if (entry.licence === '' || ownTerms.test(entry.licence)) {
      return [findingOfFile(path, 'licences/unknown', `The licence of ${what} is not known.`, { facts })];
    }
    const kind = licenceKind(entry.licence);
    if (kind === 'invalid') {
      return [
        findingOfFile(path, 'licences/invalid-expression', `The licence of ${what} is no SPDX expression.`, { facts }),
      ];
    }
    if (kind !== 'strong-copyleft' || entry.development || !permissiveProject) return [];
    const message = `${what} is under ${entry.licence}, this project is under ${licence}.`;
    return [findingOfFile(path, 'licences/copyleft', message, { facts })];
  });
}

function findIntegrity(path: string, entries: readonly LockEntry[], reader: LockfileReader): readonly Finding[] {
  const hashable = entries.filter((entry) => entry.hashable);
  const without = hashable.filter((entry) => entry.integrity === '');
  if (!reader.hashes && without.length === hashable.length) return [];
  if (without.length > 1 && without.length === hashable.length) {
    const message = `None of the ${without.length} dependencies has an integrity hash.`;
    return [findingOfFile(path, 'manifest/no-integrity', message, { facts: { components: without.length } })];
  }
  return without.map((entry) =>
    findingOfFile(path, 'manifest/no-integrity', `${nameOf(entry)} has no integrity hash.`, {
      facts: { package: entry.name },
    }),
  );
}

function findInsecureUrls(path: string, entries: readonly LockEntry[]): readonly Finding[] {
  return entries
    .filter(
      ({ resolved }) =>
        /^(?:git\+)?http:/i.test(resolved) && !/^(?:git\+)?http:\/\/(?:localhost|127\.|\[::1\])/i.test(resolved),
    )
    .map((entry) =>
      findingOfFile(path, 'manifest/insecure-url', `${nameOf(entry)} is fetched without TLS.`, {
        facts: { package: entry.name },
      }),
    );
}

function nameOf({ name, version }: LockEntry): string {
  return `${name} ${version}`;
}

/** Files beside a lockfile that state the licence of the project, and how. */
const projectFiles: readonly (readonly [name: string, licenceIn: (text: string) => unknown])[] = [
  ['package.json', (text) => field(JSON.parse(text), 'license')],
  ['Cargo.toml', (text) => field(field(parseToml(text), 'package'), 'license')],
  [
    'pyproject.toml',
    (text) => {
      const toml = parseToml(text);
      return field(field(toml, 'project'), 'license') ?? field(field(field(toml, 'tool'), 'poetry'), 'license');
    },
  ],
];

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

async function projectLicence(root: string, path: string): Promise<string> {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  for (const [name, licenceIn] of projectFiles) {
    const file = await readSource(root, `${folder}${name}`, { maxBytes });
    if (isSkipped(file)) continue;
    try {
      const licence = licenceIn(file.text);
      if (typeof licence === 'string') return licence;
    } catch {
      // A malformed manifest states no licence.
    }
  }
  return '';
}
