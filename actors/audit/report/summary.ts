/**
 * `summary.json`: the audit on one page for programs. CI reads its counts; the test of the cluster compares its digest.
 */
import type { Severity } from '../finding.js';
import type { Narrative } from '../narrative/narrative.js';
import type { OutvotedAgent, RunAccount, RunNode } from '../result.js';
import { splitByBaseline } from './baseline.js';
import { mergeComponents, tally } from './components.js';
import type { ReportInput } from './input.js';
import { countBySeverity } from './ranking.js';

/** The content of `summary.json`. */
export interface Summary {
  /** Equal for equal trees and histories, whatever ran the audit. */
  readonly digest: string;
  /** Object id of HEAD; '' without commits. */
  readonly head: string;
  /** Files analysed. */
  readonly files: number;
  /** Files not analysed. */
  readonly skipped: number;
  /** Findings silenced by a comment in the file; in no count below. */
  readonly suppressed: number;
  readonly counts: {
    readonly bySeverity: Readonly<Record<Severity, number>>;
    /** Rules that have findings, sorted by id. */
    readonly byRule: Readonly<Record<string, number>>;
  };
  /** Only when a baseline was given: findings not in it, findings in it, entries that match nothing any more. */
  readonly baseline?: { readonly fresh: number; readonly known: number; readonly stale: number };
  readonly tasks: RunAccount['tasks'];
  readonly durationMs: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly nodes: readonly RunNode[];
  readonly outvoted: readonly OutvotedAgent[];
  /** Distinct dependencies, as in the bill of materials. */
  readonly components: number;
  /** What was found in a few sentences, who wrote them, and what that took; not covered by the digest. */
  readonly narrative?: Narrative;
}

/** The summary of one audit. */
export function summarize({ result, account, baseline, narrative }: ReportInput): Summary {
  const rules = tally(result.findings.map((finding) => finding.rule));
  const byRule = rules.map(({ name, count }) => [name, count] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  const outcome = baseline === undefined ? undefined : splitByBaseline(result.findings, baseline);
  return {
    digest: result.digest,
    head: result.head,
    files: result.files,
    skipped: result.skipped.length,
    suppressed: result.suppressed,
    counts: { bySeverity: countBySeverity(result.findings), byRule: Object.fromEntries(byRule) },
    ...(outcome === undefined
      ? {}
      : { baseline: { fresh: outcome.fresh.length, known: outcome.known.length, stale: outcome.stale } }),
    tasks: account.tasks,
    durationMs: account.durationMs,
    startedAt: account.startedAt,
    nodes: account.nodes,
    outvoted: account.outvoted,
    components: mergeComponents(result.components).length,
    ...(narrative === undefined ? {} : { narrative }),
  };
}
