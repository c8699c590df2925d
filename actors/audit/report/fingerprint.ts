/**
 * The identity of a finding across commits. Lines move with every edit above them, so a fingerprint holds none: it is
 * a hash over the rule, the path, the commit (for findings of history), the words among the facts, and the ordinal
 * among the findings that agree in all of these. Numbers among the facts are measures (`cognitive: 31`) that drift with
 * each edit, so they stay out; words (`function: parse`) name what was found and keep equal findings apart.
 *
 *   sha256(JSON [rule, path, commit, [[fact, word]...], ordinal]), first 32 hex digits
 *
 * A new finding above equal ones shifts their ordinals: the count of new findings stays right, though the one reported
 * as new is then the last of the group.
 */
import { createHash } from 'node:crypto';
import type { Finding } from '../finding.js';

/** 128 bits: collisions stay out of reach for any repository, and a baseline stays readable. */
const fingerprintDigits = 32;

/** A position at the end of a word, as in `src/other.ts:12-40`: it moves, the file before it does not. */
const trailingPosition = /:\d+(?:[:-]\d+)*$/;

/** What equal findings share. Facts are taken in the order of their names: the order of keys is no part of a fact. */
function identity(finding: Finding): readonly unknown[] {
  const words = Object.entries(finding.facts ?? {})
    .filter((fact): fact is [string, string] => typeof fact[1] === 'string')
    .map(([name, word]) => [name, word.replace(trailingPosition, '')] as const)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return [finding.rule, finding.path, finding.commit ?? '', words];
}

/** The fingerprint of each finding, in the order given, which is the order of the result (by path, then line). */
export function fingerprintsOf(findings: readonly Finding[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const parts = identity(finding);
    const group = JSON.stringify(parts);
    const ordinal = seen.get(group) ?? 0;
    seen.set(group, ordinal + 1);
    return createHash('sha256')
      .update(JSON.stringify([...parts, ordinal]))
      .digest('hex')
      .slice(0, fingerprintDigits);
  });
}
