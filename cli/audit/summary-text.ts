/** The end of an audit on a terminal: what was found, what it took, and where to read on. */
import { relative } from 'node:path';
import type { Summary } from '#actors/audit/report/index';
import { sourceText } from '#actors/audit/narrative/source-text';
import { printable } from '#actors/audit/report/printable';
import type { Output } from '../output.js';
import { NO_MODEL } from './narrative.js';

/** What the narrative says, and who wrote it, where a model was to. */
function narrativeLines({ narrative }: Summary, { colours }: Output): readonly string[] {
  if (narrative === undefined || (narrative.source.type === 'counts' && narrative.source.reason === NO_MODEL))
    return [];
  const label = colours.bold('Summary');
  return [`${label}   ${printable(narrative.headline)}`, `          ${printable(sourceText(narrative.source))}`];
}

/** The summary for people. */
export function summaryText(summary: Summary, outDir: string, output: Output): string {
  const { colours } = output;
  const { high, medium, low } = summary.counts.bySeverity;
  const { tasks } = summary;
  const folder = relative(process.cwd(), outDir) || '.';
  const seconds = (summary.durationMs / 1000).toFixed(1);
  const nodes = summary.nodes
    .map((node) => (node.status === 'lost' ? colours.red(`${node.name} (lost)`) : node.name))
    .join(', ');
  const worst = Object.entries(summary.counts.byRule)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5);
  const lines = [
    '',
    `${colours.bold('Findings')}  ${colours.red(`${high} high`)}, ${colours.yellow(`${medium} medium`)}, ${low} low in ${summary.files} files${summary.skipped > 0 ? ` (${summary.skipped} skipped)` : ''}`,
    ...worst.map(([rule, count]) => `  ${String(count).padStart(6)}  ${rule}`),
    ...(summary.baseline === undefined
      ? []
      : [
          `${colours.bold('Baseline')}  ${summary.baseline.fresh} new, ${summary.baseline.known} known, ${summary.baseline.stale} no longer there`,
        ]),
    `${colours.bold('Packages')}  ${summary.components} in the bill of materials`,
    `${colours.bold('Tasks')}     ${tasks.completed} done, ${tasks.rerun} run again, ${tasks.lost} lost, ${tasks.verified} verified, in ${seconds} s on ${nodes}`,
    ...summary.outvoted.map(
      (vote) =>
        `${colours.yellow('Outvoted')}  agent ${vote.agent} on ${vote.node} (${vote.votesAgainst} to ${vote.votesFor} over ${vote.task})`,
    ),
    ...narrativeLines(summary, output),
    `${colours.bold('Digest')}    ${summary.digest}`,
    `${colours.bold('Reports')}   ${folder}/report.html, report.md, report.sarif, sbom.cdx.json, findings.json, summary.json`,
  ];
  return lines.join('\n');
}
