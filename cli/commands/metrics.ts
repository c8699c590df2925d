/** `skep metrics`: what the executors of a cluster count, in the text format of Prometheus. */
import type { Command } from 'commander';
import { renderPrometheus } from '#runtime/telemetry/prometheus';
import { addCommand, type CommandContext } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { askReports } from '../remote/reports.js';
import { withCluster } from '../remote/session.js';

/** Adds `skep metrics`. */
export function metricsCommand(program: Command): void {
  addCommand<object>(
    program,
    {
      usage: 'metrics [node]',
      summary: 'Print the metrics of a cluster, or of one node, in the text format of Prometheus.',
      examples: ['skep metrics', 'skep metrics node-1 --json'],
      run: runMetrics,
    },
    ['cluster', 'nats', 'dataDir'],
  );
}

async function runMetrics({
  args: [node],
  config,
  output,
  signal,
}: CommandContext<object>): Promise<ExitCode | undefined> {
  const reports = await withCluster(config, signal, (ask) => askReports(ask, node, (text) => output.warn(text)));
  output.result(reports, renderPrometheus(reports).trimEnd());
  return undefined;
}
