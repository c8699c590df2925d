/**
 * `report.md`: the audit for a pull request or a terminal. It is bounded whatever the size of the audit: so many rules,
 * so many findings of each, and a line that says how many more there are and which file has them all.
 */
import { sourceText } from '../narrative/source-text.js';
import { splitByBaseline } from './baseline.js';
import { mergeComponents, tally } from './components.js';
import { worstHotspots } from './hotspots.js';
import type { ReportInput } from './input.js';
import { codeSpan, markdownText } from './markdown-escape.js';
import { place, printableWithin } from './printable.js';
import { countOf, formatCount, formatDuration, formatTime } from './quantity.js';
import { countBySeverity, groupByRule, type RuleGroup } from './ranking.js';

const limits = { rules: 60, findingsPerRule: 20, hotspots: 10, skippedPerReason: 10, licences: 15, nodes: 50 };
const widths = { path: 200, message: 300, help: 600 };

type Lines = readonly string[];

/** One line about what the shown part leaves out; none when it leaves nothing out. */
function more(total: number, shown: number, where: string): Lines {
  return total > shown ? [`- and ${formatCount(total - shown)} more, ${where}`] : [];
}

function table(head: Lines, alignRight: boolean, rows: readonly Lines[]): Lines {
  const rule = head.map((_, column) => (column > 0 && alignRight ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function heading(input: ReportInput): Lines {
  const { result, account, repository } = input;
  const counts = countBySeverity(result.findings);
  const outcome = input.baseline === undefined ? undefined : splitByBaseline(result.findings, input.baseline);
  const facts: readonly Lines[] = [
    ['High', formatCount(counts.high)],
    ['Medium', formatCount(counts.medium)],
    ['Low', formatCount(counts.low)],
    ...(outcome === undefined
      ? []
      : [
          ['New since the baseline', formatCount(outcome.fresh.length)],
          ['Known to the baseline', formatCount(outcome.known.length)],
          ['Baseline entries without a finding', formatCount(outcome.stale)],
        ]),
    ['Suppressed in the source', formatCount(result.suppressed)],
    ['Files analysed', formatCount(result.files)],
    ['Files skipped', formatCount(result.skipped.length)],
    ['Dependencies', formatCount(mergeComponents(result.components).length)],
  ];
  return [
    `# Audit of ${markdownText(printableWithin(repository, widths.path))}`,
    '',
    `${formatTime(account.startedAt)}, ${formatDuration(account.durationMs)}, skep ${markdownText(input.version)}.  `,
    `Revision: ${result.head === '' ? 'none' : codeSpan(result.head)}  `,
    `Digest: ${codeSpan(result.digest)}`,
    '',
    ...table(['', 'Count'], true, facts),
  ];
}

function narrative({ narrative: words }: ReportInput): Lines {
  if (words === undefined) return [];
  const shown = (text: string): string => markdownText(printableWithin(text, widths.help));
  return [
    '',
    '## Summary',
    '',
    shown(words.headline),
    '',
    ...words.risks.map(({ title, why }) => `- **${shown(title)}**: ${shown(why)}`),
    '',
    ...(words.next.length === 0 ? [] : ['What to do:', '']),
    ...words.next.map((step, index) => `${index + 1}. ${shown(step)}`),
    '',
    shown(sourceText(words.source)),
  ];
}

function ruleSection(group: RuleGroup, input: ReportInput): Lines {
  const { title, help } = input.describeRule(group.rule);
  const shown = group.findings.slice(0, limits.findingsPerRule);
  return [
    '',
    `### ${codeSpan(group.rule)} (${group.severity}, ${formatCount(group.findings.length)})`,
    '',
    `**${markdownText(title)}.** ${markdownText(printableWithin(help, widths.help))}`,
    '',
    ...shown.map(({ path, line, message, commit }) => {
      const inCommit = commit === undefined ? '' : ` in commit ${codeSpan(commit.slice(0, 12))}`;
      const what = markdownText(printableWithin(message, widths.message));
      return `- ${codeSpan(place(path, line, widths.path))}${inCommit}: ${what}`;
    }),
    ...more(group.findings.length, shown.length, 'all in `report.sarif`'),
  ];
}

function findings(input: ReportInput): Lines {
  const groups = groupByRule(input.result.findings);
  if (groups.length === 0) return ['', '## Findings', '', 'None.'];
  const shown = groups.slice(0, limits.rules);
  const rest = more(groups.length, shown.length, 'rules, all in `report.sarif`');
  return ['', '## Findings', ...shown.flatMap((group) => ruleSection(group, input)), '', ...rest];
}

function hotspots(input: ReportInput): Lines {
  const worst = worstHotspots(input.result.metrics, limits.hotspots);
  if (worst.length === 0) return [];
  return [
    '',
    '## Hotspots',
    '',
    'Complex files that change often, worst first (commits times cognitive complexity).',
    '',
    ...worst.map((file, index) => {
      const numbers = `${countOf(file.commits, 'commit')}, complexity ${formatCount(file.sumCognitive)}`;
      const path = codeSpan(printableWithin(file.path, widths.path));
      return `${index + 1}. ${path}: ${numbers}, ${countOf(file.lines, 'line')}`;
    }),
  ];
}

function skipped(input: ReportInput): Lines {
  const files = input.result.skipped;
  if (files.length === 0) return [];
  return [
    '',
    '## Skipped files',
    ...tally(files.map((file) => file.reason)).flatMap(({ name, count }) => {
      const shown = files.filter((file) => file.reason === name).slice(0, limits.skippedPerReason);
      const lines = shown.map(({ path, detail }) => {
        const why = detail === '' ? '' : `: ${markdownText(printableWithin(detail, widths.message))}`;
        return `- ${codeSpan(printableWithin(path, widths.path))}${why}`;
      });
      return [
        '',
        `### ${markdownText(name)} (${formatCount(count)})`,
        '',
        ...lines,
        ...more(count, shown.length, 'all in `findings.json`'),
      ];
    }),
  ];
}

function dependencies(input: ReportInput): Lines {
  const components = mergeComponents(input.result.components);
  if (components.length === 0) return [];
  const rows = tally(components.map((component) => component.ecosystem)).map(({ name, count }) => {
    const development = components.filter((component) => component.ecosystem === name && component.development).length;
    return [markdownText(name), formatCount(count), formatCount(development)];
  });
  const licences = tally(components.map((component) => component.licence || 'not declared'));
  const shown = licences.slice(0, limits.licences);
  return [
    '',
    '## Dependencies',
    '',
    ...table(['Ecosystem', 'Components', 'For development only'], true, rows),
    '',
    ...table(
      ['Licence', 'Components'],
      true,
      shown.map(({ name, count }) => [markdownText(printableWithin(name, widths.path)), formatCount(count)]),
    ),
    '',
    ...more(licences.length, shown.length, 'licences, all in `sbom.cdx.json`'),
  ];
}

function run({ account }: ReportInput): Lines {
  const { tasks, nodes, outvoted } = account;
  const rows = nodes
    .slice(0, limits.nodes)
    .map((node) => [
      markdownText(node.name),
      markdownText(node.roles.join(', ')),
      formatCount(node.agents),
      formatCount(node.tasks),
      node.status,
    ]);
  return [
    '',
    '## Run',
    '',
    `${countOf(tasks.completed, 'task')} of ${formatCount(tasks.total)} completed, ${formatCount(tasks.rerun)} run again, ` +
      `${formatCount(tasks.lost)} lost, ${countOf(tasks.duplicatesIgnored, 'duplicate')} ignored; ` +
      `${formatCount(tasks.verified)} verified by a second agent, ${formatCount(tasks.disputed)} disputed.`,
    '',
    ...table(['Node', 'Roles', 'Agents', 'Tasks', 'Status'], false, rows),
    '',
    ...more(nodes.length, rows.length, 'nodes, all in `summary.json`'),
    ...outvoted
      .slice(0, limits.nodes)
      .map(
        (agent) =>
          `- ${codeSpan(agent.agent)} on ${codeSpan(agent.node)} was outvoted ${agent.votesAgainst} to ${agent.votesFor} ` +
          `on ${codeSpan(agent.task)}`,
      ),
    ...more(outvoted.length, Math.min(outvoted.length, limits.nodes), 'outvoted, all in `summary.json`'),
  ];
}

/** The report as Markdown text (GitHub's flavour). */
export function markdownReport(input: ReportInput): string {
  const sections = [heading, narrative, findings, hotspots, skipped, dependencies, run];
  const text = sections.flatMap((section) => section(input)).join('\n');
  return `${text.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}
