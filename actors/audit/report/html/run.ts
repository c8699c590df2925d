/**
 * The account of the run: which nodes did the work, what had to run again, and which agents were outvoted.
 */
import type { OutvotedAgent, RunNode } from '../../result.js';
import type { ReportInput } from '../input.js';
import { printableWithin } from '../printable.js';
import { formatCount } from '../quantity.js';
import { bar } from './bar.js';
import { html, type Markup } from './markup.js';

/** Rows of a table of nodes or agents. */
const rowLimit = 100;

function nodeTable(nodes: readonly RunNode[]): Markup {
  const largest = nodes.reduce((most, node) => Math.max(most, node.tasks), 0);
  const rows = nodes
    .slice(0, rowLimit)
    .map(
      (node) =>
        html`<tr><th scope="row"><code>${printableWithin(node.name, 80)}</code></th><td>${node.roles.join(', ')}</td><td class="num">${formatCount(node.agents)}</td><td class="num">${formatCount(node.tasks)}</td><td class="roomy">${bar(node.tasks, largest, 'honey')}</td><td><span class="state-${node.status}">${node.status}</span></td></tr>`,
    );
  const rest = nodes.length - rows.length;
  const tail = rest > 0 ? html`<tr><td colspan="6" class="soft">and ${formatCount(rest)} more</td></tr>` : undefined;
  return html`<div class="panel"><table><thead><tr><th scope="col">Node</th><th scope="col">Roles</th><th scope="col" class="num">Agents</th><th scope="col" class="num">Tasks</th><th scope="col" class="roomy"><span class="visually-hidden">Share</span></th><th scope="col">Status</th></tr></thead><tbody>${rows}${tail}</tbody></table></div>`;
}

function outvotedTable(outvoted: readonly OutvotedAgent[]): Markup | undefined {
  if (outvoted.length === 0) return undefined;
  const rows = outvoted
    .slice(0, rowLimit)
    .map(
      (agent) =>
        html`<tr><th scope="row"><code>${printableWithin(agent.agent, 80)}</code></th><td><code>${printableWithin(agent.node, 80)}</code></td><td><code>${printableWithin(agent.task, 120)}</code></td><td class="num">${agent.votesAgainst} to ${agent.votesFor}</td></tr>`,
    );
  const rest = outvoted.length - rows.length;
  const tail = rest > 0 ? html`<tr><td colspan="4" class="soft">and ${formatCount(rest)} more</td></tr>` : undefined;
  return html`<div><h3>Outvoted agents</h3><p class="lead">Their claims did not stand when other agents derived them again; the votes decided.</p>
<div class="panel"><table><thead><tr><th scope="col">Agent</th><th scope="col">Node</th><th scope="col">Task</th><th scope="col" class="num">Votes against it</th></tr></thead><tbody>${rows}${tail}</tbody></table></div></div>`;
}

/** Task counts, nodes and outvoted agents. */
export function runSection({ account }: ReportInput): Markup {
  const { tasks } = account;
  const facts: readonly (readonly [name: string, count: number])[] = [
    ['Tasks', tasks.total],
    ['Completed', tasks.completed],
    ['Run again', tasks.rerun],
    ['Lost', tasks.lost],
    ['Duplicates ignored', tasks.duplicatesIgnored],
    ['Verified', tasks.verified],
    ['Disputed', tasks.disputed],
  ];
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">The run</h2>
<p class="lead">Job <code>${printableWithin(account.job, 80)}</code>. This account differs from run to run; the digest does not cover it.</p>
<div class="stack">
<dl class="facts">${facts.map(([name, count]) => html`<div><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`)}</dl>
${nodeTable(account.nodes)}
${outvotedTable(account.outvoted)}
</div>
</section>`;
}
