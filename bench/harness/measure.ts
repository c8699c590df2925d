/**
 * Measures a question: several fresh starts of all contenders, whose turns are compared as neighbours in time (fork.ts),
 * and the figures and ratios that come of them.
 */
import { type Entry, measureFork } from './fork.js';
import { machine } from './machine.js';
import type { Figure, Goal, Plan, Question, Size } from './question.js';
import { type Ratio, ratioOf } from './ratio.js';
import { type Spread, spreadOf } from './spread.js';

const plans: { readonly full: Plan; readonly quick: Plan } = {
  full: { forks: 2, warmups: 2, warmMs: 400, rounds: 4, roundsMs: 7_000, turnMs: 100, error: 0.03 },
  quick: { forks: 1, warmups: 1, warmMs: 100, rounds: 2 },
};

/** What was measured of one contender. */
export interface Measured {
  readonly name: string;
  readonly version?: string | undefined;
  /** Why it took no part; it has no measures then. */
  readonly absent?: string;
  readonly measures: Readonly<Record<string, Spread>>;
  /** How many times better the first contender is; none for the first itself. */
  readonly ratio?: Ratio;
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

/** Measures a question. @throws Error when a contender fails or does not complete the work. */
export async function measure(question: Question, options: MeasureOptions): Promise<Answer> {
  const startMs = performance.now();
  const size = options.quick ? question.sizes.quick : question.sizes.full;
  const plan = (question.plans ?? plans)[options.quick ? 'quick' : 'full'];
  const figure = question.figure ?? { measure: `${question.counts}/s`, better: 'more' };
  const entries = question.contenders.map(({ name }): Entry => ({ name, turns: [], pairs: [] }));
  for (let fork = 1; fork <= plan.forks; fork += 1) {
    const say = (line: string): void =>
      options.say(`${question.name}: ${plan.forks > 1 ? `start ${fork} of ${plan.forks}, ` : ''}${line}`);
    await measureFork({ question, size, plan, figure, entries, signal: options.signal, say });
  }
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
    contenders: entries.map(summarise),
    goals: (question.goals ?? []).map((goal) => judge(goal, figure, entries)),
    seconds: (performance.now() - startMs) / 1_000,
  };
}

function judge(goal: Goal, usual: Figure, entries: readonly Entry[]): Judged {
  const [ours, peer] = [entries[0], entries.find(({ name }) => name === goal.against)];
  if (ours === undefined || peer === undefined)
    throw new Error(`goal "${goal.row}" names ${goal.against}, which is no contender`);
  const { figure = usual } = goal;
  const ratio = figure === usual ? ratioOf(peer.pairs)?.median : ratioOfMedians(ours, peer, figure);
  return { ...goal, figure, ...(ratio === undefined ? {} : { ratio }) };
}

/** For a figure that the pairs are not made of. */
function ratioOfMedians(ours: Entry, peer: Entry, { measure, better }: Figure): number | undefined {
  if (peer.turns.length === 0) return undefined;
  const [mine, theirs] = [ours, peer].map(
    ({ turns }) => spreadOf(turns.map((turn) => turn[measure] ?? Number.NaN)).median,
  );
  const ratio = (mine ?? Number.NaN) / (theirs ?? Number.NaN);
  return better === 'more' ? ratio : 1 / ratio;
}

function summarise({ name, version, absent, turns, pairs }: Entry): Measured {
  const ratio = ratioOf(pairs);
  const measures = Object.fromEntries(
    Object.keys(turns[0] ?? {}).map((measure) => [measure, spreadOf(turns.map((turn) => turn[measure] ?? Number.NaN))]),
  );
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(absent === undefined ? {} : { absent }),
    measures,
    ...(ratio === undefined ? {} : { ratio }),
  };
}
