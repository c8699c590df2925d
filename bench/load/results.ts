/** The scenarios of load for people: a section of Markdown, and a chart of each. */
import { renderSvg } from '#cli/charts/svg';
import { figureOf } from '#cli/load/figure';
import type { LoadReport } from '#cli/load/run-load';
import { meanings } from '#cli/load/scenario';
import { cell } from '../harness/goals.js';
import type { LoadAnswer } from './load.js';

/** The charts by the names of their files, such as `load-spike.svg`. */
export function loadCharts({ reports }: LoadAnswer): ReadonlyMap<string, string> {
  return new Map(reports.map((report) => [fileOf(report), renderSvg(figureOf(report))]));
}

/** The section; it shows the charts, which are to lie in `charts/` beside it. */
export function renderLoad(answer: LoadAnswer): string {
  const { asks, suite, quick, day, machine, reports } = answer;
  const [first] = reports;
  if (first === undefined) return '';
  const { rate, actors, thresholds } = first;
  const headings = [
    'scenario',
    'calls/s achieved',
    'wanted',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'max ms',
    'generator lag p99 ms',
    'errors',
    'handled / acknowledged',
    'heap of nodes, most',
    'thresholds',
  ];
  return [
    '## load',
    '',
    `${asks} (${suite}; ${quick ? 'a quick run; ' : ''}${actors} actors on ${first.nodes.length} nodes, an expected rate of ${rate.toLocaleString('en')} calls/s, arrivals that do not wait for replies, latencies from the intended time of a call; thresholds p99 ${thresholds.p99Ms} ms and ${thresholds.errorPercent} % errors; ${day}, ${machine}.)`,
    '',
    'The generator shares the machine with the cluster; its lag is part of the latencies.',
    '',
    `| ${headings.join(' | ')} |`,
    `|${' --- |'.repeat(headings.length)}`,
    ...reports.map(row),
    '',
    ...reports.flatMap(breakpointOf),
    ...reports.flatMap((report) => [
      `### load ${report.scenario}: ${meanings[report.scenario].means}`,
      '',
      `![${figureOf(report).description}](charts/${fileOf(report)})`,
      '',
    ]),
  ].join('\n');
}

function row(report: LoadReport): string {
  const { scenario, achievedPerSecond, wantedPerSecond, totals, verified, memory, kept } = report;
  const { p50, p95, p99, max } = totals.latencyMs;
  const heap = memory.map(({ node, mostBytes }) => `${node} ${Math.round(mostBytes / 1_000_000)} MB`).join(', ');
  const errors = Object.entries(totals.errors).map(([code, count]) => `${code} ${count.toLocaleString('en')}`);
  return `| ${[
    scenario,
    ...[achievedPerSecond, wantedPerSecond, p50, p95, p99, max, totals.lagMs].map(cell),
    errors.length === 0 ? 'none' : errors.join(', '),
    `${verified.handled.toLocaleString('en')} / ${verified.acknowledged.toLocaleString('en')}`,
    heap,
    kept ? 'kept' : 'not kept',
  ].join(' | ')} |`;
}

function breakpointOf({ breakpoint }: LoadReport): readonly string[] {
  return breakpoint === undefined
    ? []
    : [`The breakpoint: ${cell(breakpoint.held)} calls/s were held; then ${breakpoint.why}.`, ''];
}

function fileOf({ scenario }: LoadReport): string {
  return `load-${scenario}.svg`;
}
