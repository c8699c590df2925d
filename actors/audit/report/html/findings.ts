/**
 * Findings: first by rule, with what each rule means, then one by one. The table is bounded to the worst 2,000, which
 * keeps the page fast and under a few megabytes; the SARIF log has all of them.
 */
import type { Finding } from '../../finding.js';
import { severities } from '../../result.js';
import { knownIn } from '../baseline.js';
import type { ReportInput } from '../input.js';
import { place, printableWithin } from '../printable.js';
import { countOf, formatCount } from '../quantity.js';
import { groupByRule, worstFirst } from '../ranking.js';
import { bar } from './bar.js';
import { html, type Markup } from './markup.js';
import { severityPill, severityWord } from './severity.js';

const rowLimit = 2000;
const ruleLimit = 200;
const widths = { path: 240, message: 400, help: 1200 };

/** Findings per rule, with the rule's help folded away. */
export function ruleOverview(input: ReportInput): Markup | undefined {
  const groups = groupByRule(input.result.findings);
  if (groups.length === 0) return undefined;
  const shown = groups.slice(0, ruleLimit);
  const largest = groups.reduce((most, group) => Math.max(most, group.findings.length), 0);
  const rows = shown.map(({ rule, severity, findings }) => {
    const { title, help, cwe } = input.describeRule(rule);
    const weakness = cwe === undefined ? undefined : html` <span class="tag">${cwe}</span>`;
    return html`<tr><td>${severityPill(severity)}</td><th scope="row"><details><summary>${title}</summary><p>${printableWithin(help, widths.help)}</p></details><code class="soft">${rule}</code>${weakness}</th><td class="num">${formatCount(findings.length)}</td><td class="roomy">${bar(findings.length, largest, severity)}</td></tr>`;
  });
  const rest = groups.length - shown.length;
  return html`<section id="rules" aria-labelledby="rules-title">
<h2 id="rules-title">By rule</h2>
<p class="lead">Worst first. Open a rule to read why it matters and what to do.</p>
<div class="panel"><table><thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col" class="num">Findings</th><th scope="col" class="roomy"><span class="visually-hidden">Share</span></th></tr></thead><tbody>${rows}</tbody></table></div>
${rest > 0 ? html`<p class="lead">And ${countOf(rest, 'more rule')}.</p>` : undefined}
</section>`;
}

function filter(shown: readonly Finding[], withBaseline: boolean): Markup {
  const rules = [...new Set(shown.map((finding) => finding.rule))].sort();
  const fresh = html`<fieldset><label><input type="checkbox" name="fresh" value="1"> New only</label></fieldset>`;
  return html`<form id="filter" class="filter" role="search" aria-label="Filter findings" hidden>
<label class="field">Path, message or rule<input type="search" name="text" autocomplete="off" spellcheck="false"></label>
<label class="field">Rule<select name="rule"><option value="">All rules</option>${rules.map((rule) => html`<option value="${rule}">${rule}</option>`)}</select></label>
<fieldset><legend class="visually-hidden">Severity</legend>${severities.map((severity) => html`<label><input type="checkbox" name="severity" value="${severity}" checked> ${severityWord(severity)}</label>`)}</fieldset>
${withBaseline ? fresh : undefined}
<button type="reset">Reset</button>
<p id="shown" role="status"></p>
</form>`;
}

function row({ rule, severity, path, line, message, commit }: Finding, known: boolean | undefined): Markup {
  const state = known === undefined ? undefined : html` data-state="${known ? 'known' : 'new'}"`;
  const isNew = known === false ? html` <span class="tag">new</span>` : undefined;
  const inCommit =
    commit === undefined
      ? undefined
      : html` <span class="in-commit soft">in commit <code>${commit.slice(0, 12)}</code></span>`;
  return html`<tr role="row" data-severity="${severity}" data-rule="${rule}"${state}><td role="cell">${severityPill(severity)}</td><td role="cell">${printableWithin(message, widths.message)}${isNew}<code class="rule">${rule}</code></td><td role="cell"><code>${place(path, line, widths.path)}</code>${inCommit}</td></tr>
`;
}

/** The table of single findings with its filter. */
export function findingsTable({ result, baseline }: ReportInput): Markup {
  const known = baseline === undefined ? undefined : knownIn(result.findings, baseline);
  const states = result.findings.map((finding, index) => ({ finding, known: known?.[index] }));
  const newFirst = [...states.filter((each) => each.known !== true), ...states.filter((each) => each.known === true)];
  const shown = worstFirst(newFirst, ({ finding }) => finding.severity).slice(0, rowLimit);
  const total = result.findings.length;
  const lead =
    total > shown.length
      ? `The worst ${formatCount(shown.length)} of ${formatCount(total)} findings; report.sarif has all of them.`
      : 'Worst first.';
  const table = html`<p class="lead">${lead}</p>
${filter(
  shown.map(({ finding }) => finding),
  baseline !== undefined,
)}
<div class="panel"><table id="findings-table" role="table" aria-labelledby="findings-title"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Severity</th><th scope="col" role="columnheader">Finding</th><th scope="col" role="columnheader">Where</th></tr></thead><tbody role="rowgroup">
${shown.map((each) => row(each.finding, each.known))}</tbody></table></div>`;
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
${total === 0 ? html`<p class="empty">Nothing was found in ${countOf(result.files, 'analysed file')}.</p>` : table}
</section>`;
}
