/**
 * The skill that makes one result of all parts. It sees the outputs of the other skills in whatever order they were
 * completed and however the files were cut into shards, and gives the same value for the same repository: everything is
 * sorted by its own content, and the digest covers all of it.
 */
import { createHash } from 'node:crypto';
import { SkepError } from '#protocols/wire/error';
import { defineSkill } from '../swarm/skill.js';
import { canonicalJson } from './code/canonical-json.js';
import { findClones } from './code/clones.js';
import { findCycles } from './code/cycles.js';
import { findHotspots } from './code/hotspots.js';
import { judgeLicences } from './code/licence-headers.js';
import type { FileMetrics, Finding, SkippedFile } from './finding.js';
import type { ManifestOutput } from './manifests.js';
import type { AuditResult } from './result.js';
import type { ScanOutput } from './scan-files.js';
import { applySuppressions } from './suppressions.js';

/** The outputs of the stages of the audit, by the id of the stage. */
export interface ReduceInput {
  /** Input of the job; the reduction does not need it. */
  readonly input: unknown;
  readonly results: Readonly<Record<string, readonly unknown[]>>;
}

/** What the reduction reads of the inventory's output. */
interface InventoryPart {
  /** Object id of HEAD, or ''. */
  readonly head: string;
  readonly skipped: readonly SkippedFile[];
}

/** What the reduction reads of the history's output. */
interface HistoryPart {
  readonly churn: readonly { readonly path: string; readonly commits: number }[];
}

/** What the reduction reads of a shard of old blobs. */
interface BlobsPart {
  readonly findings: readonly Finding[];
}

/** Makes the result of an audit. */
export const reduceSkill = defineSkill({
  name: 'audit.reduce',
  version: 1,
  run: ({ results }: ReduceInput): AuditResult => reduceAudit(results),
});

/** The result of an audit from the outputs of its stages. Throws BAD_MESSAGE when a stage is not a list. */
export function reduceAudit(results: ReduceInput['results']): AuditResult {
  const inventory = stage<InventoryPart>(results, 'inventory');
  const scans = stage<ScanOutput>(results, 'scan');
  const manifests = stage<ManifestOutput>(results, 'manifests');
  const history = stage<HistoryPart>(results, 'history');
  const blobs = stage<BlobsPart>(results, 'blobs');

  const metrics = withCommits(
    scans.flatMap((scan) => scan.metrics),
    history.flatMap(({ churn }) => churn),
  );
  const suppressions = scans.flatMap((scan) => scan.suppressions);
  const joint = applySuppressions(
    [
      ...findCycles(
        scans.flatMap((scan) => scan.imports),
        new Set(metrics.map(({ path }) => path)),
      ),
      ...findClones(scans.flatMap((scan) => scan.fingerprints)),
      ...judgeLicences(scans.flatMap((scan) => scan.licences)),
      ...findHotspots(metrics),
    ],
    suppressions,
  );
  const parts = [...scans, ...manifests, ...blobs].flatMap(({ findings }) => findings);
  const skipped = [...inventory, ...scans, ...manifests].flatMap((part) => part.skipped);
  return withDigest({
    findings: unique([...parts, ...joint.findings]).sort(compareFindings),
    skipped: unique(skipped).sort(byPath),
    components: unique(manifests.flatMap(({ components }) => components)).sort(
      (left, right) => compare(left.purl, right.purl) || byPath(left, right),
    ),
    metrics,
    suppressed: scans.reduce((sum, scan) => sum + scan.suppressed, joint.suppressed),
    files: scans.reduce((sum, scan) => sum + scan.files, 0),
    head: inventory[0]?.head ?? '',
  });
}

/** The outputs of a stage; none when the template has no such stage. They are typed by the skill that made them. */
function stage<Output>(results: ReduceInput['results'], id: string): readonly Output[] {
  const outputs: unknown = Object.hasOwn(results, id) ? results[id] : [];
  if (!Array.isArray(outputs)) {
    throw new SkepError('BAD_MESSAGE', `results.${id} must be a list of the outputs of the stage ${id}`, { stage: id });
  }
  return outputs as readonly Output[];
}

function withCommits(metrics: readonly FileMetrics[], churn: HistoryPart['churn']): readonly FileMetrics[] {
  const commits = new Map(churn.map((file) => [file.path, file.commits]));
  return metrics.map((file) => ({ ...file, commits: commits.get(file.path) ?? 0 })).sort(byPath);
}

/** Equal entries once, as two shards or two agents may have looked at one file. */
function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}

/** By code unit, because the order of a locale differs between machines. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** By path, then by everything else. */
function byPath<Value extends { readonly path: string }>(left: Value, right: Value): number {
  return compare(left.path, right.path) || compare(canonicalJson(left), canonicalJson(right));
}

function compareFindings(left: Finding, right: Finding): number {
  return (
    compare(left.path, right.path) ||
    left.line - right.line ||
    left.column - right.column ||
    compare(left.rule, right.rule) ||
    compare(left.commit ?? '', right.commit ?? '') ||
    compare(canonicalJson(left), canonicalJson(right))
  );
}

function withDigest(result: Omit<AuditResult, 'digest'>): AuditResult {
  return { ...result, digest: `sha256:${createHash('sha256').update(canonicalJson(result)).digest('hex')}` };
}
