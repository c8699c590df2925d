/**
 * The top of the page: whose audit this is, what came of it in one sentence, and the counts.
 */
import type { Severity } from '../../finding.js';
import { severities } from '../../result.js';
import { splitByBaseline } from '../baseline.js';
import { mergeComponents } from '../components.js';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { countOf, formatCount, formatDuration, formatTime } from '../quantity.js';
import { countBySeverity } from '../ranking.js';
import { html, type Markup } from './markup.js';
import { severityMark, severityWord } from './severity.js';

/** A straw hive, four bands and a door. */
const emblem = html`<svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"><path d="M11 8.5C11 4.5 21 4.5 21 8.5M8 14.5C8 8 24 8 24 14.5M5.5 20.5C5.5 13 26.5 13 26.5 20.5M4 27C4 18.5 28 18.5 28 27"/><path d="M3 28.5h9M20 28.5h9"/><path d="M13 28c0-4.5 6-4.5 6 0"/></svg>`;

function verdict({ result, baseline }: ReportInput): Markup {
  const inFiles = `in ${countOf(result.files, 'file')}`;
  if (result.findings.length === 0) return html`<strong>No findings</strong> ${inFiles}.`;
  const counts = countBySeverity(result.findings);
  const found = html`<strong>${countOf(result.findings.length, 'finding')}</strong> ${inFiles}, ${formatCount(counts.high)} of high severity.`;
  if (baseline === undefined) return found;
  const { fresh } = splitByBaseline(result.findings, baseline);
  return html`${found} <strong>${formatCount(fresh.length)}</strong> not in the baseline.`;
}

/** Title, verdict and provenance. */
export function masthead(input: ReportInput): Markup {
  const { result, account, repository, version } = input;
  return html`<header class="masthead wrap">
<p class="brand">${emblem} skep audit</p>
<h1>${printableWithin(repository, 120)}</h1>
<p class="verdict">${verdict(input)}</p>
<dl class="provenance">
<div><dt>Audited</dt><dd>${formatTime(account.startedAt)}</dd></div>
<div><dt>Took</dt><dd>${formatDuration(account.durationMs)} on ${countOf(account.nodes.length, 'node')}</dd></div>
<div><dt>Version</dt><dd>skep ${version}</dd></div>
<div class="wide"><dt>Revision</dt><dd><code>${result.head === '' ? 'none: no commits' : result.head}</code></dd></div>
<div class="wide"><dt>Digest of the result</dt><dd><code>${result.digest}</code></dd></div>
</dl>
</header>`;
}

function card(severity: Severity, count: number, freshCount: number | undefined): Markup {
  const note = freshCount === undefined ? undefined : html`<p class="note">${formatCount(freshCount)} new</p>`;
  return html`<div class="card ${severity}"><h3 class="name">${severityMark(severity)}${severityWord(severity)}</h3><p class="number">${formatCount(count)}</p>${note}</div>`;
}

/** Shares of the severities as one band; the cards above say the same in numbers. */
function strip(counts: Readonly<Record<Severity, number>>, total: number): Markup | undefined {
  if (total === 0) return undefined;
  let at = 0;
  const parts = severities.map((severity) => {
    const share = (counts[severity] / total) * 100;
    const part = html`<rect class="fill-${severity}" x="${at.toFixed(3)}" y="0" width="${share.toFixed(3)}" height="1"/>`;
    at += share;
    return part;
  });
  return html`<svg class="strip" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** Cards of the severities, and the smaller counts. */
export function overview({ result, baseline }: ReportInput): Markup {
  const counts = countBySeverity(result.findings);
  const outcome = baseline === undefined ? undefined : splitByBaseline(result.findings, baseline);
  const fresh = outcome === undefined ? undefined : countBySeverity(outcome.fresh);
  const facts: readonly (readonly [name: string, count: number])[] = [
    ['Files analysed', result.files],
    ['Files skipped', result.skipped.length],
    ['Suppressed', result.suppressed],
    ['Dependencies', mergeComponents(result.components).length],
    ...(outcome === undefined
      ? []
      : ([
          ['In the baseline', outcome.known.length],
          ['Baseline, stale', outcome.stale],
        ] as const)),
  ];
  return html`<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title" class="visually-hidden">Overview</h2>
<div class="cards">${severities.map((severity) => card(severity, counts[severity], fresh?.[severity]))}</div>
${strip(counts, result.findings.length)}
<dl class="facts">${facts.map(([name, count]) => html`<div><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`)}</dl>
</section>`;
}
