/**
 * Reports in the text format of Prometheus, version 0.0.4: families with HELP and TYPE, counters that end in `_total`,
 * seconds and bytes as base units; behind them what actors count themselves. A pure function; who serves or prints it is
 * somebody else's matter.
 */
import type { ExecutorReport } from '../executor/report.js';
import type { Metric } from './metrics.js';

/** Reports of one node. */
interface Reports {
  readonly node: string;
  readonly executors: readonly ExecutorReport[];
  readonly silent: readonly number[];
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number, suffix?: string];

interface Family {
  readonly name: string;
  readonly type: Metric['type'];
  readonly help: string;
  /** Samples of one executor, without the labels of its place. */
  readonly samples: (report: ExecutorReport) => readonly Sample[];
}

/** A metric of actors, with the places of its samples. */
interface ActorFamily extends Omit<Family, 'samples'> {
  readonly samples: Sample[];
}

const one = (value: number): readonly Sample[] => [[{}, value]];
const quantiles = (summary: { readonly p50: number; readonly p99: number; readonly max: number } | undefined) =>
  summary === undefined
    ? []
    : ([
        [{ quantile: '0.5' }, summary.p50 / 1_000],
        [{ quantile: '0.99' }, summary.p99 / 1_000],
        [{ quantile: '1' }, summary.max / 1_000],
      ] as const);
const byDefinition =
  (value: (report: ExecutorReport['definitions'][number]) => number) =>
  ({ definitions }: ExecutorReport): readonly Sample[] =>
    definitions.map((entry) => [{ definition: entry.definition, version: String(entry.version) }, value(entry)]);

const families: readonly Family[] = [
  family(
    'skep_actors',
    'gauge',
    'Living actors.',
    byDefinition(({ actors }) => actors),
  ),
  family(
    'skep_messages_processed_total',
    'counter',
    'Messages, infos and stream steps handled.',
    byDefinition(({ processed }) => processed),
  ),
  family(
    'skep_actor_failures_total',
    'counter',
    'Crashes of actors, init included.',
    byDefinition(({ failed }) => failed),
  ),
  family(
    'skep_actor_restarts_total',
    'counter',
    'Lives of actors after their first.',
    byDefinition(({ restarts }) => restarts),
  ),
  family(
    'skep_actor_busy_seconds_total',
    'counter',
    'Time spent in turns.',
    byDefinition(({ busyMs }) => busyMs / 1_000),
  ),
  family(
    'skep_mailbox_messages',
    'gauge',
    'Messages that wait in mailboxes.',
    byDefinition(({ mailbox }) => mailbox),
  ),
  family(
    'skep_mailbox_longest_messages',
    'gauge',
    'Messages that wait in the longest mailbox.',
    byDefinition(({ mailboxMax }) => mailboxMax),
  ),
  family('skep_turns_total', 'counter', 'Turns given to actors.', ({ turns }) => one(turns)),
  family('skep_flow_channels', 'gauge', 'Receivers elsewhere that messages may wait for.', ({ flow }) =>
    one(flow.channels),
  ),
  family('skep_flow_waiting', 'gauge', 'Messages that wait for credit of receivers elsewhere.', ({ flow }) =>
    one(flow.waiting),
  ),
  family('skep_flow_withheld', 'gauge', 'Demands for credit that wait until actors here have caught up.', ({ flow }) =>
    one(flow.withheld),
  ),
  family('skep_turn_seconds', 'gauge', 'Quantiles of the time that turns take.', ({ turnLatency }) =>
    quantiles(turnLatency),
  ),
  family(
    'skep_mailbox_wait_seconds',
    'gauge',
    'Quantiles of the time that calls wait for their turn.',
    ({ mailboxWait }) => quantiles(mailboxWait),
  ),
  family('skep_pending_calls', 'gauge', 'Calls that wait for their answer.', ({ pendingCalls }) => one(pendingCalls)),
  family('skep_dead_letters_total', 'counter', 'Messages that were not delivered.', ({ deadLetters }) =>
    Object.entries(deadLetters.counts).map(([reason, count]) => [{ reason }, count]),
  ),
  family(
    'skep_event_loop_delay_seconds',
    'gauge',
    'Quantiles of the delay of the event loop, over 10 s or more.',
    ({ eventLoopDelay }) => quantiles(eventLoopDelay),
  ),
  family(
    'skep_event_loop_active_seconds_total',
    'counter',
    'Time that the event loop was at work.',
    ({ loopActiveMs }) => one(loopActiveMs / 1_000),
  ),
  family('skep_event_loop_idle_seconds_total', 'counter', 'Time that the event loop was idle.', ({ loopIdleMs }) =>
    one(loopIdleMs / 1_000),
  ),
  family('skep_heap_used_bytes', 'gauge', 'Heap in use.', ({ heapUsedBytes }) => one(heapUsedBytes)),
  family('skep_executor_uptime_seconds', 'gauge', 'Time since the executor began.', ({ uptimeMs }) =>
    one(uptimeMs / 1_000),
  ),
];

function family(name: string, type: Family['type'], help: string, samples: Family['samples']): Family {
  return { name, type, help, samples };
}

/** Renders reports; families without a sample are left out. Ends in a line feed. */
export function renderPrometheus(nodes: readonly Reports[]): string {
  const lines: string[] = [];
  const write = ({ name, type, help }: Omit<Family, 'samples'>, samples: readonly Sample[]): void => {
    if (samples.length === 0) return;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value, suffix = ''] of samples)
      lines.push(`${name}${suffix}${labelsText(labels)} ${numberText(value)}`);
  };
  const up = nodes.flatMap(({ node, executors, silent }): readonly Sample[] => [
    ...executors.map(({ id }): Sample => [{ node, executor: String(id) }, 1]),
    ...silent.map((id): Sample => [{ node, executor: String(id) }, 0]),
  ]);
  write({ name: 'skep_executor_up', type: 'gauge', help: 'Whether the executor answered.' }, up);
  for (const entry of families) {
    const samples = nodes.flatMap(({ node, executors }) =>
      executors.flatMap((report) => {
        const place = { node, executor: String(report.id) };
        return entry.samples(report).map(([labels, value]): Sample => [{ ...place, ...labels }, value]);
      }),
    );
    write(entry, samples);
  }
  const own = new Set([...families.map(({ name }) => name), 'skep_executor_up']);
  for (const metric of actorMetrics(nodes)) if (!own.has(metric.name)) write(metric, metric.samples);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Names that the format allows. */
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** What actors count, each metric once; the first that is met says what it is. */
function actorMetrics(nodes: readonly Reports[]): readonly ActorFamily[] {
  const byName = new Map<string, ActorFamily>();
  for (const { node, executors } of nodes) {
    for (const { id, metrics = [] } of executors) {
      for (const { name, type, help, samples } of metrics) {
        if (!metricName.test(name)) continue;
        const metric: ActorFamily = byName.get(name) ?? { name, type, help: help.replaceAll('\n', ' '), samples: [] };
        byName.set(name, metric);
        if (metric.type !== type) continue;
        const place = { node, executor: String(id) };
        for (const { labels, value, suffix } of samples) {
          const all = { ...labels, ...place };
          metric.samples.push(suffix === undefined ? [all, value] : [all, value, suffix]);
        }
      }
    }
  }
  return [...byName.values()];
}

function labelsText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}

/** Label values may be any text; three characters are escaped. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
