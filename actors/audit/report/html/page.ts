/**
 * `report.html`: one file that fetches nothing. Its policy allows only its own style sheet and its own script, each by
 * hash, so that even markup that slipped past the escaping could neither run nor call out.
 */
import { createHash } from 'node:crypto';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { formatCount } from '../quantity.js';
import { findingsTable, ruleOverview } from './findings.js';
import { hotspotSection } from './hotspots.js';
import { dependencySection, skippedSection } from './inventory.js';
import { html, type Markup, trusted } from './markup.js';
import { narrativeSection } from './narrative.js';
import { masthead, overview } from './overview.js';
import { runSection } from './run.js';
import { filterScript } from './script.js';
import { styleSheet } from './style.js';

interface Section {
  readonly id: string;
  readonly name: string;
  /** Beside the name in the navigation. */
  readonly count?: number;
  readonly content: Markup | undefined;
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Also what a browser holds the page to when it is served. */
const policy = [
  "default-src 'none'",
  `style-src ${hashSource(styleSheet)}`,
  `script-src ${hashSource(filterScript)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function sectionsOf(input: ReportInput): readonly Section[] {
  const { findings, skipped } = input.result;
  const sections: readonly Section[] = [
    { id: 'overview', name: 'Overview', content: overview(input) },
    { id: 'summary', name: 'Summary', content: narrativeSection(input) },
    { id: 'rules', name: 'By rule', content: ruleOverview(input) },
    { id: 'hotspots', name: 'Hotspots', content: hotspotSection(input) },
    { id: 'findings', name: 'Findings', count: findings.length, content: findingsTable(input) },
    { id: 'dependencies', name: 'Dependencies', content: dependencySection(input) },
    { id: 'skipped', name: 'Skipped files', count: skipped.length, content: skippedSection(input) },
    { id: 'run', name: 'The run', content: runSection(input) },
  ];
  return sections.filter((section) => section.content !== undefined);
}

function navigation(sections: readonly Section[]): Markup {
  const items = sections.map(({ id, name, count }) => {
    const number = count === undefined ? undefined : html`<span class="count">${formatCount(count)}</span>`;
    return html`<li><a href="#${id}">${name}${number}</a></li>`;
  });
  return html`<nav aria-label="Sections"><ul class="wrap">${items}</ul></nav>`;
}

/** The report as one HTML document. */
export function htmlReport(input: ReportInput): string {
  const sections = sectionsOf(input);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${printableWithin(input.repository, 80)} - skep audit</title>
<style>${trusted(styleSheet)}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
${masthead(input)}
${navigation(sections)}
<main class="wrap">
${sections.map((section) => section.content)}
</main>
<footer><p class="wrap">Made by skep ${input.version}. The same audit as data: findings.json, report.sarif, sbom.cdx.json, summary.json.</p></footer>
<script>${trusted(filterScript)}</script>
</body>
</html>
`;
  return page.text;
}
