/** The charts of a load over time: how much of what was wanted was achieved, and how long replies took. */
import type { Figure, Panel, Point } from '../charts/figure.js';
import type { Window } from './recorder.js';
import type { LoadReport } from './run-load.js';

/** The charts of a load. */
export function figureOf(report: LoadReport): Figure {
  const { scenario, nodes, totals, achievedPerSecond, wantedPerSecond } = report;
  return {
    title: `skep load ${scenario}: ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, ${report.actors} actors`,
    description: `Over ${Math.round(report.activeMs / 1_000)} s ${Math.round(wantedPerSecond)} calls a second were wanted and ${Math.round(achievedPerSecond)} achieved; the 99th percentile of latency was ${totals.latencyMs.p99.toFixed(1)} ms, and ${totals.failed} calls failed.`,
    panels: [ratePanel(report), latencyPanel(report)],
  };
}

const seconds = { label: 'seconds', scale: 'linear' } as const;

/** Calls per second. */
export function ratePanel({ windows, totals }: LoadReport): Panel {
  const failed = totals.failed === 0 ? [] : [series('failed', windows, (window) => window.failed)];
  return {
    x: seconds,
    y: { label: 'calls/s', scale: 'linear' },
    series: [
      { ...series('wanted', windows, (window) => window.wanted), look: 'wanted' },
      series('achieved', windows, (window) => window.achieved),
      ...failed,
    ],
  };
}

/** Milliseconds from the intended time of a call to its reply. */
export function latencyPanel({ windows, thresholds }: LoadReport): Panel {
  return {
    x: seconds,
    y: { label: 'latency in ms', scale: 'log' },
    series: [
      { ...series('p99 allowed', windows, () => thresholds.p99Ms), look: 'wanted' },
      series('p50', windows, ({ latencyMs }) => latencyMs?.p50),
      series('p99', windows, ({ latencyMs }) => latencyMs?.p99),
    ],
  };
}

function series(name: string, windows: readonly Window[], value: (window: Window) => number | undefined) {
  let startMs = 0;
  const points = windows.map((window): Point => {
    // A window stands for the time in its middle.
    const x = (startMs + window.endMs) / 2_000;
    startMs = window.endMs;
    return { x, y: value(window) ?? Number.NaN };
  });
  return { name, points, look: 'line' as const };
}
