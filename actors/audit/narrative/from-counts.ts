/** The narrative without a model: the same result gives the same words, on every machine. */
import { printableWithin } from '../report/printable.js';
import { countOf, formatCount } from '../report/quantity.js';
import { countBySeverity, groupByRule } from '../report/ranking.js';
import { type Narrative, narrativeLimits } from './narrative.js';
import type { NarratedResult } from './prompt.js';

/** Makes it; `reason` says why no model did. */
export function narrativeFromCounts(input: NarratedResult, reason: string): Narrative {
  const { findings, files, skipped } = input.result;
  const { high, medium, low } = countBySeverity(findings);
  const groups = groupByRule(findings).slice(0, narrativeLimits.entries);
  const inFiles = `${countOf(files, 'file')}${skipped.length > 0 ? `, ${formatCount(skipped.length)} skipped` : ''}`;
  return {
    headline:
      findings.length === 0
        ? `No findings in ${inFiles}.`
        : `${countOf(findings.length, 'finding')} in ${inFiles}: ${formatCount(high)} high, ${formatCount(medium)} medium, ${formatCount(low)} low.`,
    risks: groups.map(({ rule, severity, findings: members }) => {
      const { title } = input.describeRule(rule);
      const places = [...new Set(members.map(({ path }) => path))];
      const [first = ''] = places;
      const others = places.length > 1 ? ` and ${countOf(places.length - 1, 'other file')}` : '';
      return {
        title: printableWithin(title, narrativeLimits.title),
        why: `${countOf(members.length, 'finding')} of severity ${severity}, in ${printableWithin(first, 200)}${others}.`,
      };
    }),
    next: groups.map(({ rule }) => printableWithin(input.describeRule(rule).help, narrativeLimits.text)),
    source: { type: 'counts', reason },
  };
}
