/** The one file that knows packageurl-js: package URLs of components, as SBOMs and advisories name them. */
import { PackageURL } from 'packageurl-js';
import type { LockfileReader } from './lockfiles/entry.js';

/** The package URL, or undefined when name or version cannot stand in one. */
export function purlOf(ecosystem: LockfileReader['ecosystem'], name: string, version: string): string | undefined {
  const slash = name.lastIndexOf('/');
  const namespace = slash < 0 ? undefined : name.slice(0, slash);
  try {
    return new PackageURL(ecosystem, namespace, name.slice(slash + 1), version, undefined, undefined).toString();
  } catch {
    return undefined;
  }
}
