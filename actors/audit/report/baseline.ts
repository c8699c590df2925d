/**
 * A baseline is the list of findings that a team has accepted, so that CI can fail on new ones only. It holds
 * fingerprints, with rule and path beside them for the person who reviews the file's diff; only the fingerprint counts.
 * One entry a line, sorted, without a timestamp: the same findings always give the same file.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SkepError } from '#protocols/wire/error';
import type { Finding } from '../finding.js';
import type { BaselineSplit } from '../result.js';
import { writeFileAtomically } from './atomic-file.js';
import { fingerprintsOf } from './fingerprint.js';

const baselineSchema = z.strictObject({
  format: z.literal('skep-baseline'),
  version: z.literal(1),
  findings: z.array(
    z.strictObject({
      fingerprint: z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 lowercase hex digits'),
      rule: z.string(),
      path: z.string(),
    }),
  ),
});

/** Accepted findings, as read from a baseline file. */
export type Baseline = Readonly<z.infer<typeof baselineSchema>>;

/** Findings divided by a baseline. */
export interface BaselineOutcome extends BaselineSplit {
  /** Entries of the baseline that no finding has any more: fixed, or moved to another file. */
  readonly stale: number;
}

/** The baseline that accepts exactly these findings. */
export function baselineOf(findings: readonly Finding[]): Baseline {
  const fingerprints = fingerprintsOf(findings);
  const entries = findings.map(({ rule, path }, index) => ({ fingerprint: fingerprints[index] ?? '', rule, path }));
  const order = ({ path, rule, fingerprint }: (typeof entries)[number]) => JSON.stringify([path, rule, fingerprint]);
  const keyed = entries.map((entry) => ({ entry, key: order(entry) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return { format: 'skep-baseline', version: 1, findings: keyed.map(({ entry }) => entry) };
}

/** Writes the baseline that accepts exactly these findings. Throws OUTPUT_UNWRITABLE. */
export async function writeBaseline(path: string, findings: readonly Finding[]): Promise<void> {
  const { format, version, findings: entries } = baselineOf(findings);
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
  const list = entries.length === 0 ? '[]' : `[\n${lines}\n  ]`;
  const text = `{\n  "format": "${format}",\n  "version": ${version},\n  "findings": ${list}\n}\n`;
  await writeFileAtomically(path, text);
}

/** `findings[3].fingerprint` for a path of zod's; `the document` for its root. */
function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return parts.join('').replace(/^\./, '') || 'the document';
}

/** Reads a baseline file. Throws PATH_UNREADABLE, or BAD_BASELINE naming the first field that is wrong. */
export async function readBaseline(path: string): Promise<Baseline> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SkepError('PATH_UNREADABLE', `the baseline ${path} cannot be read`, { path }, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SkepError('BAD_BASELINE', `${path}: the document is not JSON`, { path, field: 'the document' }, error);
  }
  const parsed = baselineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = fieldName(issue?.path ?? []);
  throw new SkepError('BAD_BASELINE', `${path}: ${field}: ${issue?.message ?? 'not valid'}`, { path, field });
}

function acceptedBy(baseline: Baseline): ReadonlySet<string> {
  return new Set(baseline.findings.map((entry) => entry.fingerprint));
}

/** For each finding, in order, whether the baseline knows it. */
export function knownIn(findings: readonly Finding[], baseline: Baseline): readonly boolean[] {
  const accepted = acceptedBy(baseline);
  return fingerprintsOf(findings).map((fingerprint) => accepted.has(fingerprint));
}

/** Divides findings, given in the order of the result, into those that the baseline knows and fresh ones. */
export function splitByBaseline(findings: readonly Finding[], baseline: Baseline): BaselineOutcome {
  const accepted = acceptedBy(baseline);
  const fingerprints = fingerprintsOf(findings);
  const current = new Set(fingerprints);
  const isKnown = (index: number) => accepted.has(fingerprints[index] ?? '');
  return {
    fresh: findings.filter((_, index) => !isKnown(index)),
    known: findings.filter((_, index) => isKnown(index)),
    stale: baseline.findings.filter((entry) => !current.has(entry.fingerprint)).length,
  };
}
