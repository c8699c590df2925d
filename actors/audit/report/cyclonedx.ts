/**
 * The dependencies as a CycloneDX 1.6 bill of materials. The only file that knows the CycloneDX library. Nothing in it is
 * drawn by chance: the serial number derives from the audit's digest, lists are sorted, and the timestamp is the run's.
 * Which component needs which is not in most lockfiles in full, so the dependency graph stays without edges.
 */
import { createHash } from 'node:crypto';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { SkepError } from '#protocols/wire/error';
import { licenceKind } from '../code/spdx.js';
import { type MergedComponent, mergeComponents } from './components.js';
import type { ReportInput } from './input.js';
import { parseIntegrity } from './integrity.js';
import { printable } from './printable.js';

/** The name space of serial numbers; any fixed UUID serves, as long as it never changes. */
const serialNamespace = '171437d8-4e3b-46e2-8751-f0db5459516c';

/** The library takes a check that throws, and falls back to a licence by name when it does. */
const licences = new Contrib.License.Factories.LicenseFactory((expression) => {
  if (licenceKind(expression) === 'invalid') throw new RangeError('not an SPDX expression');
});

/** A UUID of version 5 (RFC 9562): SHA-1 over name space and name, with version and variant set. */
function uuidFrom(name: string): string {
  const hash = createHash('sha1');
  hash.update(Buffer.from(serialNamespace.replaceAll('-', ''), 'hex')).update(name, 'utf8');
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** npm's scope is CycloneDX's group; the other ecosystems have one name. */
function nameParts(component: MergedComponent): { readonly group?: string; readonly name: string } {
  const [, group, name] = /^(@[^/]+)\/(.+)$/.exec(component.name) ?? [];
  if (component.ecosystem !== 'npm' || group === undefined || name === undefined) return { name: component.name };
  return { group, name };
}

/** What has no field of its own: lockfiles, npm's mark of development, an integrity that is no hash of the archive. */
function propertiesOf(component: MergedComponent, hashed: boolean): readonly Models.Property[] {
  const lockfiles = component.paths.map((path) => new Models.Property('skep:lockfile', printable(path)));
  const development =
    component.development && component.ecosystem === 'npm'
      ? [new Models.Property('cdx:npm:package:development', 'true')]
      : [];
  const unread =
    component.integrity !== '' && !hashed
      ? [new Models.Property('skep:integrity', printable(component.integrity))]
      : [];
  return [...lockfiles, ...development, ...unread];
}

function componentOf(source: MergedComponent): Models.Component {
  const { group, name } = nameParts(source);
  const component = new Models.Component(Enums.ComponentType.Library, name, { bomRef: source.purl });
  if (group !== undefined) component.group = group;
  component.version = source.version;
  component.purl = source.purl;
  if (source.development) component.scope = Enums.ComponentScope.Optional;
  if (source.licence !== '') component.licenses.add(licences.makeFromString(source.licence));
  const hashes = parseIntegrity(source.integrity);
  for (const { algorithm, hex } of hashes) component.hashes.set(Enums.HashAlgorithm[algorithm], hex);
  for (const property of propertiesOf(source, hashes.length > 0)) component.properties.add(property);
  return component;
}

function timestampOf(startedAt: string): Date {
  const time = new Date(startedAt);
  if (!Number.isNaN(time.getTime())) return time;
  throw new SkepError('INTERNAL', `startedAt: expected an ISO 8601 time, got ${JSON.stringify(startedAt)}`, {
    startedAt,
  });
}

/** The bill of materials as JSON text. */
export function cyclonedxJson(input: ReportInput): string {
  const { result, account, repository, version } = input;
  const bom = new Models.Bom({ serialNumber: `urn:uuid:${uuidFrom(result.digest)}` });
  bom.metadata.timestamp = timestampOf(account.startedAt);
  bom.metadata.tools.components.add(new Models.Component(Enums.ComponentType.Application, 'skep', { version }));
  const root = new Models.Component(Enums.ComponentType.Application, printable(repository), { bomRef: 'repository' });
  if (result.head !== '') root.version = result.head;
  bom.metadata.component = root;
  for (const component of mergeComponents(result.components)) bom.components.add(componentOf(component));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
