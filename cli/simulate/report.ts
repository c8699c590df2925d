/** What a campaign came to, for people and for programs. */
import { faultsOf, hardShare, type Met, type Tally, wantedOf } from '#runtime/simulation/campaign';
import type { Model } from '#runtime/simulation/model';
import { type Output, table } from '../output.js';
import { countText, durationText } from '../top/numbers.js';
import type { FailureReport } from './failure.js';

/** One model's campaign. */
export interface ModelReport {
  readonly model: Pick<Model, 'name' | 'about' | 'sometimes' | 'faults'>;
  readonly from: number;
  /** Seeds that were asked for. */
  readonly seeds: number;
  readonly jobs: number;
  readonly tally: Tally;
  readonly ms: number;
  readonly busyMs: number;
  readonly interrupted: boolean;
  /** Why it proves nothing, where it does not. */
  readonly vacuous: readonly string[];
  readonly failure?: FailureReport;
}

const YEAR_DAYS = 365.25;

/** The report as plain data. */
export function reportJson(report: ModelReport): Readonly<Record<string, unknown>> {
  const { model, from, seeds, jobs, tally, ms, busyMs, interrupted, vacuous, failure } = report;
  return {
    model: model.name,
    from,
    seeds,
    runs: tally.runs,
    events: tally.events,
    jobs,
    ms: Math.round(ms),
    eventsPerSecond: Math.round((tally.events * 1_000) / Math.max(1, ms)),
    eventsPerSecondAndJob: Math.round((tally.events * 1_000) / Math.max(1, busyMs)),
    virtualSeconds: tally.virtualUs / 1e6,
    faults: faultsOf(tally),
    runsByFaults: tally.byFaults,
    sometimes: Object.fromEntries(namesOf(report).map((name) => [name, metOf(tally, name)])),
    vacuous,
    interrupted,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** The report for people. */
export function reportText(report: ModelReport, output: Output): string {
  const { colours } = output;
  const { model, tally, ms, busyMs, jobs, seeds, from, vacuous, failure, interrupted } = report;
  const { runs, events, virtualUs } = tally;
  const last = from + Math.max(0, runs - 1);
  const verdict =
    failure !== undefined
      ? colours.red('FAILED')
      : interrupted
        ? colours.yellow('interrupted')
        : vacuous.length > 0
          ? colours.red('VACUOUS')
          : colours.green('no violation');
  const hard = (100 * hardShare(tally)).toFixed(0);
  const rate = (overMs: number): string => `${count((events * 1_000) / Math.max(1, overMs))} events/s`;
  return [
    '',
    `${colours.bold(model.name)}: ${model.about}`,
    `  seeds    ${count(runs)} of ${count(seeds)}${failure === undefined && runs === seeds ? `, ${from} to ${last}` : ''}: ${verdict}`,
    `  events   ${count(events)} in ${durationText(ms)}: ${rate(ms)} on ${jobs} thread${jobs === 1 ? '' : 's'}, ${rate(busyMs)} on each`,
    `  virtual  ${virtualText(virtualUs)}, ${durationText(virtualUs / 1e3 / Math.max(1, runs))} a run`,
    `  faults   ${count(faultsOf(tally))}, ${(faultsOf(tally) / Math.max(1, runs)).toFixed(1)} a run; ${hard} % of runs had three or more`,
    ...vacuous.map((why) => `  ${colours.red('vacuous')}  ${why}`),
    '',
    indent(metTable(report, colours.bold)),
    ...(failure === undefined ? [] : ['', ...failureLines(failure, output)]),
  ].join('\n');
}

/** How a run failed and how to see it again, for people. */
export function failureLines(failure: FailureReport, { colours }: Output): readonly string[] {
  const { seed, message, atSeconds, event, again, smaller, files } = failure;
  return [
    `${colours.red(`seed ${seed} breaks ${message}`)}`,
    `  at       ${atSeconds.toFixed(6)} s of virtual time, event ${event}`,
    `  again    ${again}`,
    ...(smaller === undefined
      ? []
      : [
          `  smaller  ${smaller.again}`,
          `           ${smaller.from} faults and operations became ${smaller.to} in ${smaller.runs} runs, which break ${smaller.message}`,
          `           the trace is that of the smaller run`,
        ]),
    ...(failure.unsteady === true
      ? [colours.red('  The second run of the seed was another one: the model is not deterministic.')]
      : []),
    `  files    ${files.plan}`,
    `           ${files.trace}`,
    '  plan',
    ...failure.plan.map((line) => `    ${line}`),
  ];
}

/** What was met: what the model asks for first, then the rest by name. */
function metTable(report: ModelReport, bold: (text: string) => string): string {
  const { tally } = report;
  const rows = namesOf(report).map((name) => {
    const { times, runs } = metOf(tally, name);
    return [name, count(times), `${count(runs)} (${((100 * runs) / Math.max(1, tally.runs)).toFixed(0)} %)`];
  });
  return rows.length === 0 ? 'nothing was met' : table(['met', 'times', 'runs'], rows, bold);
}

function namesOf({ model, tally }: ModelReport): readonly string[] {
  const wanted = wantedOf(model);
  const others = [...tally.sometimes.keys()].filter((name) => !wanted.includes(name));
  return [...wanted, ...others.toSorted()];
}

function metOf({ sometimes }: Tally, name: string): Met {
  return sometimes.get(name) ?? { times: 0, runs: 0 };
}

/** Such as `3.1 s`, `4d 2h`, `1.3 years`. */
export function virtualText(virtualUs: number): string {
  const days = virtualUs / 86_400e6;
  return days >= YEAR_DAYS ? `${(days / YEAR_DAYS).toFixed(1)} years` : durationText(virtualUs / 1_000);
}

/** Small numbers in full, large ones as people read them. */
function count(value: number): string {
  return value < 100_000 ? Math.round(value).toLocaleString('en') : countText(value);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
