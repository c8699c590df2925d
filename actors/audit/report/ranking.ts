/**
 * The order in which a reader should meet findings, and the counts above them. Shared by the Markdown and the HTML
 * report, so that both call the same findings the worst.
 */
import type { Finding, Severity } from '../finding.js';
import { severities } from '../result.js';
import { groupBy } from './grouping.js';

/** Findings of one rule. */
export interface RuleGroup {
  readonly rule: string;
  /** The worst among its findings. */
  readonly severity: Severity;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

const rank: Readonly<Record<Severity, number>> = { high: 0, medium: 1, low: 2 };

/** How many findings have each severity. */
export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { high: 0, medium: 0, low: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** Worst severity first; within one severity the order given. */
export function worstFirst<T>(items: readonly T[], severityOf: (item: T) => Severity): readonly T[] {
  return items.toSorted((left, right) => rank[severityOf(left)] - rank[severityOf(right)]);
}

/** Groups by rule: worst severity first, then most findings, then by name. */
export function groupByRule(findings: readonly Finding[]): readonly RuleGroup[] {
  const groups = groupBy(findings, (finding) => finding.rule);
  return [...groups]
    .map(([rule, members]) => {
      const sorted = worstFirst(members, (finding) => finding.severity);
      return { rule, severity: sorted[0]?.severity ?? 'low', findings: sorted };
    })
    .sort(
      (left, right) =>
        severities.indexOf(left.severity) - severities.indexOf(right.severity) ||
        right.findings.length - left.findings.length ||
        (left.rule < right.rule ? -1 : 1),
    );
}
