/** A load's report as text for a person. */
import { table } from '../output.js';
import { renderText } from '../charts/text.js';
import { bytesText, durationText } from '../top/numbers.js';
import { latencyPanel, ratePanel } from './figure.js';
import type { LoadReport } from './run-load.js';
import { meanings } from './scenario.js';

const CHART_ROWS = 8;

/** How the report is laid out. */
export interface ReportStyle {
  readonly columns: number;
  readonly bold: (text: string) => string;
}

/** The report: what was asked, the charts, the figures and the verdict. */
export function renderReport(report: LoadReport, { columns, bold }: ReportStyle): string {
  const size = { columns, rows: CHART_ROWS };
  const charts =
    report.windows.length < 2
      ? []
      : [...renderText(ratePanel(report), size), '', ...renderText(latencyPanel(report), size), ''];
  return [
    `${bold(`skep load ${report.scenario}`)}: ${meanings[report.scenario].means}`,
    '',
    ...charts,
    table(['FIGURE', 'VALUE'], figures(report), bold),
    '',
    table(['NODE', 'HEAP AT FIRST', 'AT MOST', 'AT LAST'], memoryRows(report), bold),
    '',
    ...verdict(report),
  ].join('\n');
}

function figures(report: LoadReport): readonly (readonly string[])[] {
  const { totals, verified, breakpoint, outstanding } = report;
  const { latencyMs } = totals;
  const none = totals.acknowledged === 0;
  const latency = (ms: number): string => (none ? '-' : durationText(ms));
  return [
    ['time', `${durationText(report.activeMs)} of ${durationText(report.durationMs)}`],
    ['calls/s', `${perSecond(report.achievedPerSecond)} achieved of ${perSecond(report.wantedPerSecond)} wanted`],
    ['calls', `${whole(totals.acknowledged)} acknowledged of ${whole(report.wanted)} wanted`],
    [
      'latency',
      `p50 ${latency(latencyMs.p50)}, p95 ${latency(latencyMs.p95)}, p99 ${latency(latencyMs.p99)}, max ${latency(latencyMs.max)}`,
    ],
    ['generator lag', `p99 ${durationText(totals.lagMs)}, which the latencies include`],
    ['errors', errorsText(report)],
    ...(outstanding === 0 ? [] : [['outstanding', `${whole(outstanding)} had no reply yet`]]),
    ['side effects', effectsText(verified)],
    ...(breakpoint === undefined
      ? []
      : [['breakpoint', `held ${perSecond(breakpoint.held)} calls/s; then ${breakpoint.why}`]]),
  ];
}

function errorsText({ totals: { errors, failed } }: LoadReport): string {
  if (failed === 0) return 'none';
  return Object.entries(errors)
    .map(([code, count]) => `${code} ${whole(count)}`)
    .join(', ');
}

function effectsText({ acknowledged, handled, unverified, lost }: LoadReport['verified']): string {
  const gone = unverified === 0 ? '' : `; ${whole(unverified)} acknowledged by actors that ended could not be checked`;
  const missing = lost === 0 ? '' : `; ${whole(lost)} LOST`;
  return `${whole(handled)} handled for ${whole(acknowledged)} acknowledged${missing}${gone}`;
}

function memoryRows({ memory }: LoadReport): readonly (readonly string[])[] {
  return memory.map(({ node, firstBytes, mostBytes, lastBytes }) => [
    node,
    ...[firstBytes, mostBytes, lastBytes].map(bytesText),
  ]);
}

function verdict({ judgements, interrupted }: LoadReport): readonly string[] {
  const lines = judgements.map(({ what, limit, found, kept }) => {
    const sign = what.endsWith('at least') ? '' : ', at most';
    return `${kept ? 'kept  ' : 'BROKEN'} ${what}${sign} ${limit}: ${Number(found.toPrecision(4))}`;
  });
  return interrupted ? [...lines, 'interrupted: these are the figures so far'] : lines;
}

function perSecond(value: number): string {
  return value >= 100 ? whole(value) : value.toFixed(1);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
