/**
 * Integrity hashes as lockfiles write them, read into algorithm and lowercase hex, which is what an SBOM holds:
 *
 *   npm       `sha512-<base64>`, several apart by spaces, each with options after `?`
 *   Cargo     64 hex digits (SHA-256)
 *   Python    `sha256:<hex>`
 *
 * Go's `h1:` is a hash over a list of files and not over the archive; no SBOM algorithm means that, so it is not read.
 */

/** A hash over the package's archive. */
interface ArtifactHash {
  /** Named as SBOMs name it, such as `SHA-512`. */
  readonly algorithm: 'MD5' | 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** Lowercase hex. */
  readonly hex: string;
}

const algorithms: Readonly<Record<string, { readonly name: ArtifactHash['algorithm']; readonly bytes: number }>> = {
  md5: { name: 'MD5', bytes: 16 },
  sha1: { name: 'SHA-1', bytes: 20 },
  sha256: { name: 'SHA-256', bytes: 32 },
  sha384: { name: 'SHA-384', bytes: 48 },
  sha512: { name: 'SHA-512', bytes: 64 },
};

/** Hashes of wrong length or unknown algorithm are left out: a wrong hash in an SBOM is worse than none. */
function parseOne(word: string): readonly ArtifactHash[] {
  if (/^[0-9a-f]{64}$/i.test(word)) return [{ algorithm: 'SHA-256', hex: word.toLowerCase() }];
  const [, label = '', separator, body = ''] = /^([a-z0-9]+)([-:])([A-Za-z0-9+/=]+)(?:\?.*)?$/i.exec(word) ?? [];
  const algorithm = Object.hasOwn(algorithms, label.toLowerCase()) ? algorithms[label.toLowerCase()] : undefined;
  if (algorithm === undefined) return [];
  const hex = separator === ':' ? body.toLowerCase() : Buffer.from(body, 'base64').toString('hex');
  return new RegExp(`^[0-9a-f]{${algorithm.bytes * 2}}$`).test(hex) ? [{ algorithm: algorithm.name, hex }] : [];
}

/** The hashes in an integrity value; none when it is empty or of a kind that names no archive. */
export function parseIntegrity(integrity: string): readonly ArtifactHash[] {
  return integrity
    .split(/\s+/)
    .filter((word) => word !== '')
    .flatMap(parseOne);
}
