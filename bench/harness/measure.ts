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
  full: { forks: 3, warmups: 2, warmMs: 400, rounds: 3, roundsMs: 2_500, turnMs: 100, error: 0.02 },
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

/** A question on its way to an answer, start by start; between two of them other questions may have their turn. */
export class Measuring {
  /** Fresh starts that its plan asks for. */
  readonly forks: number;
  readonly #question: Question;
  readonly #quick: boolean;
  readonly #plan: Plan;
  readonly #size: Size;
  readonly #figure: Figure;
  readonly #entries: readonly Entry[];
  #done = 0;
  #seconds = 0;

  constructor(question: Question, quick: boolean) {
    this.#question = question;
    this.#quick = quick;
    this.#plan = (question.plans ?? plans)[quick ? 'quick' : 'full'];
    this.forks = this.#plan.forks;
    this.#size = quick ? question.sizes.quick : question.sizes.full;
    this.#figure = question.figure ?? { measure: `${question.counts}/s`, better: 'more' };
    this.#entries = question.contenders.map(({ name }): Entry => ({ name, turns: [], pairs: [] }));
  }

  /** The next fresh start. @throws Error when a contender fails or does not complete the work. */
  async fork({ signal, say: tell }: Omit<MeasureOptions, 'quick'>): Promise<void> {
    const startMs = performance.now();
    const [question, size, plan, figure, entries] = [
      this.#question,
      this.#size,
      this.#plan,
      this.#figure,
      this.#entries,
    ];
    const which = this.forks > 1 ? `start ${this.#done + 1} of ${this.forks}, ` : '';
    const say = (line: string): void => tell(`${question.name}: ${which}${line}`);
    await measureFork({ question, size, plan, figure, entries, signal, say });
    this.#done += 1;
    this.#seconds += (performance.now() - startMs) / 1_000;
  }

  /** What the starts so far come to. */
  answer(): Answer {
    const { name, suite, asks, goals = [] } = this.#question;
    return {
      kind: 'question',
      question: name,
      suite,
      asks,
      quick: this.#quick,
      size: this.#size,
      day: new Date().toISOString().slice(0, 10),
      machine: machine(),
      plan: { ...this.#plan, forks: this.#done },
      figure: this.#figure,
      contenders: this.#entries.map(summarise),
      goals: goals.map((goal) => judge(goal, this.#figure, this.#entries)),
      seconds: this.#seconds,
    };
  }
}

/** Measures a question, all starts one after the other. @throws Error when a contender fails or lacks some of the work. */
export async function measure(question: Question, options: MeasureOptions): Promise<Answer> {
  const measuring = new Measuring(question, options.quick);
  for (let fork = 0; fork < measuring.forks; fork += 1) await measuring.fork(options);
  return measuring.answer();
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
