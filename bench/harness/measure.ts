/**
 * Measures a question: all contenders are started, warmed and then run in turns, forwards and backwards, so that a noisy
 * minute hits all of them alike; then all of it again in fresh processes. A ratio is taken within each round, between
 * neighbours in time, and the median of those ratios is reported: drift of the machine cancels out. (Interleaving and
 * forks as in JMH; ratios of paired runs as in Kalibera and Jones, "Rigorous benchmarking in reasonable time", 2013.)
 */
import { machine } from './machine.js';
import {
  Absent,
  type Completed,
  type Figure,
  type Goal,
  type Plan,
  type Question,
  type Running,
  type Size,
} from './question.js';
import { type Spread, spreadOf } from './spread.js';

const plans: { readonly full: Plan; readonly quick: Plan } = {
  full: { forks: 2, warmups: 2, warmMs: 600, rounds: 5 },
  quick: { forks: 1, warmups: 1, warmMs: 100, rounds: 3 },
};
/** However short the work is, no contender is warmed by more runs. */
const MOST_WARMUPS = 50;

/** What was measured of one contender. */
export interface Measured {
  readonly name: string;
  readonly version?: string | undefined;
  /** Why it took no part; it has no measures then. */
  readonly absent?: string;
  readonly measures: Readonly<Record<string, Spread>>;
  /** How many times better the first contender is, by rounds; of no meaning for the first itself. */
  readonly ratio?: Spread;
}

/** A goal with what was found. */
export interface Judged {
  readonly row: string;
  readonly against: string;
  readonly atLeast: number;
  readonly figure: Figure;
  /** Undefined when the peer took no part. */
  readonly ratio?: number;
}

/** The answer to a question. */
export interface Answer {
  readonly kind: 'question';
  readonly question: string;
  readonly suite: string;
  readonly asks: string;
  readonly quick: boolean;
  readonly size: Size;
  /** The day, as YYYY-MM-DD, and the machine that it was measured on. */
  readonly day: string;
  readonly machine: string;
  readonly plan: Plan;
  readonly figure: Figure;
  readonly contenders: readonly Measured[];
  readonly goals: readonly Judged[];
  /** Time that the whole of it took. */
  readonly seconds: number;
}

/** How to measure. */
export interface MeasureOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Told of each step, as one line. */
  readonly say: (line: string) => void;
}

/** Runs of one contender. */
interface Entry {
  readonly name: string;
  version?: string | undefined;
  absent?: string;
  readonly runs: Readonly<Record<string, number>>[];
}

/** Measures a question. @throws Error when a contender fails or does not complete the work. */
export async function measure(question: Question, options: MeasureOptions): Promise<Answer> {
  const startMs = performance.now();
  const size = options.quick ? question.sizes.quick : question.sizes.full;
  const plan = (question.plans ?? plans)[options.quick ? 'quick' : 'full'];
  const entries = question.contenders.map(({ name }): Entry => ({ name, runs: [] }));
  for (let fork = 1; fork <= plan.forks; fork += 1) {
    await measureFork(question, size, plan, entries, {
      ...options,
      say: (line) =>
        options.say(`${question.name}: ${plan.forks > 1 ? `start ${fork} of ${plan.forks}, ` : ''}${line}`),
    });
  }
  const figure = question.figure ?? { measure: `${question.counts}/s`, better: 'more' };
  const contenders = summarise(entries, figure);
  return {
    kind: 'question',
    question: question.name,
    suite: question.suite,
    asks: question.asks,
    quick: options.quick,
    size,
    day: new Date().toISOString().slice(0, 10),
    machine: machine(),
    plan,
    figure,
    contenders,
    goals: (question.goals ?? []).map((goal) => judge(goal, goal.figure ?? figure, entries)),
    seconds: (performance.now() - startMs) / 1_000,
  };
}

function judge(goal: Goal, figure: Figure, entries: readonly Entry[]): Judged {
  const peer = entries.find(({ name }) => name === goal.against);
  if (peer === undefined) throw new Error(`goal "${goal.row}" names ${goal.against}, which is no contender`);
  const ratio = ratiosOf(entries[0], peer, figure);
  return { ...goal, figure, ...(ratio === undefined ? {} : { ratio: ratio.median }) };
}

async function measureFork(
  question: Question,
  size: Size,
  plan: Plan,
  entries: readonly Entry[],
  { signal, say }: MeasureOptions,
): Promise<void> {
  const running = new Map<Entry, Running>();
  try {
    say('starting');
    const starts = question.contenders.map(async (contender, index) => {
      const entry = entries[index];
      if (entry === undefined || entry.absent !== undefined) return;
      try {
        const started = await contender.start(size, { signal });
        running.set(entry, started);
        entry.version = started.version;
      } catch (error) {
        if (!(error instanceof Absent) || index === 0) throw error;
        entry.absent = error.message;
        say(`${contender.name} takes no part: ${error.message}`);
      }
    });
    // All of them, so that whoever starts after another failed is stopped as well.
    for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
    const inOrder = entries.filter((entry) => running.has(entry));
    const run = async (entry: Entry, what: string): Promise<Readonly<Record<string, number>>> => {
      signal.throwIfAborted();
      say(`${what}, ${entry.name}`);
      return check(question, size, entry.name, await running.get(entry)?.run(size));
    };
    for (const entry of inOrder) await warm(plan, () => run(entry, 'warming up'));
    for (let round = 1; round <= plan.rounds; round += 1) {
      // Backwards every second time: whoever comes after a heavy one does not do so always.
      for (const entry of round % 2 === 0 ? inOrder.toReversed() : inOrder)
        entry.runs.push(await run(entry, `round ${round} of ${plan.rounds}`));
    }
  } finally {
    await Promise.all([...running.values()].map((each) => each.stop()));
  }
}

/** Runs until a compiler has had its time: so often and so long as the plan says. */
async function warm(
  { warmups, warmMs = 0 }: Plan,
  run: () => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  let worked = 0;
  for (let done = 0; done < MOST_WARMUPS && (done < warmups || worked < warmMs); done += 1)
    worked += (await run())['ms'] ?? Number.NaN;
}

/** The measures of a run that did all of its work. @throws Error when it did less or more. */
function check(
  question: Question,
  size: Size,
  who: string,
  completed: Completed | undefined,
): Readonly<Record<string, number>> {
  const { ms = Number.NaN, operations = Number.NaN, ...others } = completed ?? {};
  const expected = question.completes(size);
  if (operations !== expected)
    throw new Error(`${question.name}: ${who} completed ${operations} of ${expected} ${question.counts}`);
  if (!(ms > 0)) throw new Error(`${question.name}: ${who} gave ${ms} ms as its time`);
  return { ms, [`${question.counts}/s`]: (operations / ms) * 1_000, ...others };
}

function summarise(entries: readonly Entry[], figure: Figure): readonly Measured[] {
  return entries.map((entry, index) => {
    const { name, version, absent, runs } = entry;
    const measures = Object.fromEntries(
      Object.keys(runs[0] ?? {}).map((measure) => [measure, spreadOf(runs.map((run) => run[measure] ?? Number.NaN))]),
    );
    const ratio = index === 0 ? undefined : ratiosOf(entries[0], entry, figure);
    return {
      name,
      ...(version === undefined ? {} : { version }),
      ...(absent === undefined ? {} : { absent }),
      measures,
      ...(ratio === undefined ? {} : { ratio }),
    };
  });
}

/** How many times better ours is, round by round; undefined when the other took no part or lacks the figure. */
function ratiosOf(ours: Entry | undefined, theirs: Entry, { measure: name, better }: Figure): Spread | undefined {
  const ratios = theirs.runs
    .map((run, at) => {
      const [mine = Number.NaN, other = Number.NaN] = [ours?.runs[at]?.[name], run[name]];
      return better === 'more' ? mine / other : other / mine;
    })
    .filter((ratio) => !Number.isNaN(ratio));
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}
