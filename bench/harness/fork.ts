/**
 * One fresh start of all contenders of a question. They are warmed, and then take turns until the ratios are known well
 * enough or the time is up. Ours takes a turn before and after each of the others, so that every ratio is one between
 * neighbours; and a turn of a fast contender is as many runs as it takes to be long enough for a clock.
 *
 *     ours  A  ours  B  ours  C  ours  |  ours  C  ours  B  ours  A  ours  |  ...
 *
 * (Forks as in JMH; pairs of runs as in Kalibera and Jones, "Rigorous benchmarking in reasonable time", 2013.)
 */
import { Absent, type Completed, type Figure, type Plan, type Question, type Running, type Size } from './question.js';
import { ratioOf } from './ratio.js';

/** However short the work is, no contender is warmed, or runs in a turn, more often. */
const MOST_RUNS = 50;

/** Measures of one turn, by name. */
export type Turn = Readonly<Record<string, number>>;

/** Turns of one contender, over all forks. */
export interface Entry {
  readonly name: string;
  version?: string | undefined;
  absent?: string;
  readonly turns: Turn[];
  /** How many times better ours was, for each turn; empty for ours. */
  readonly pairs: number[];
}

/** What a fork is for. */
export interface Fork {
  readonly question: Question;
  readonly size: Size;
  readonly plan: Plan;
  readonly figure: Figure;
  /** Ours first; turns are added to them. */
  readonly entries: readonly Entry[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Starts all contenders, measures, and stops them. @throws Error when one fails or does not complete the work. */
export async function measureFork(fork: Fork): Promise<void> {
  const running = new Map<Entry, Running>();
  try {
    await start(fork, running);
    const inOrder = fork.entries.filter((entry) => running.has(entry));
    const run: Run = async (entry, what) => {
      fork.signal.throwIfAborted();
      fork.say(`${what}, ${entry.name}`);
      return check(fork, entry.name, await running.get(entry)?.run(fork.size));
    };
    for (const entry of inOrder) await warm(fork.plan, () => run(entry, 'warming up'));
    await takeTurns(fork, inOrder, run);
  } finally {
    await Promise.all([...running.values()].map((each) => each.stop()));
  }
}

type Run = (entry: Entry, what: string) => Promise<Checked>;

async function start({ question, size, entries, signal, say }: Fork, running: Map<Entry, Running>): Promise<void> {
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
  for (const each of await Promise.allSettled(starts)) if (each.status === 'rejected') throw each.reason;
}

/** Runs until a compiler has had its time: so often and so long as the plan says. */
async function warm({ warmups, warmMs = 0 }: Plan, run: () => Promise<Checked>): Promise<void> {
  let worked = 0;
  for (let done = 0; done < MOST_RUNS && (done < warmups || worked < warmMs); done += 1) worked += (await run()).ms;
}

async function takeTurns(fork: Fork, inOrder: readonly Entry[], run: Run): Promise<void> {
  const { plan, question, figure } = fork;
  const [ours, ...peers] = inOrder;
  if (ours === undefined) return;
  let worked = 0;
  const turn = async (entry: Entry, round: number): Promise<Turn> => {
    const taken = await takeTurn(plan, question.counts, () => run(entry, `round ${round}`));
    worked += taken['ms'] ?? 0;
    entry.turns.push(taken);
    return taken;
  };
  let before: Turn | undefined;
  for (let round = 1; round <= plan.rounds || (worked < (plan.roundsMs ?? 0) && !settled(fork)); round += 1) {
    if (before === undefined || plan.once === true || peers.length === 0) before = await turn(ours, round);
    // Backwards every second time: whoever comes after a heavy one does not do so always.
    for (const peer of round % 2 === 0 ? peers.toReversed() : peers) {
      const theirs = await turn(peer, round);
      const after: Turn = plan.once === true ? before : await turn(ours, round);
      peer.pairs.push(timesBetter(figure, before, theirs, after));
      before = after;
    }
  }
}

/** One turn: runs until they are long enough together. Times and operations add up, other measures are their means. */
async function takeTurn({ turnMs = 0 }: Plan, counts: string, run: () => Promise<Checked>): Promise<Turn> {
  const runs = [await run()];
  let ms = runs[0]?.ms ?? 0;
  while (ms < turnMs && runs.length < MOST_RUNS) {
    const next = await run();
    runs.push(next);
    ms += next.ms;
  }
  const mean = (of: (run: Checked) => number): number => runs.reduce((sum, each) => sum + of(each), 0) / runs.length;
  const others = Object.keys(runs[0]?.others ?? {}).map((name) => [
    name,
    mean(({ others: of }) => of[name] ?? Number.NaN),
  ]);
  const rate = (mean(({ operations }) => operations) / mean((each) => each.ms)) * 1_000;
  return {
    ms: mean((each) => each.ms),
    [`${counts}/s`]: rate,
    ...(Object.fromEntries(others) as Record<string, number>),
  };
}

/** Against the geometric mean of our turns before and after. */
function timesBetter({ measure, better }: Figure, before: Turn, theirs: Turn, after: Turn): number {
  const ours = Math.sqrt((before[measure] ?? Number.NaN) * (after[measure] ?? Number.NaN));
  const other = theirs[measure] ?? Number.NaN;
  return better === 'more' ? ours / other : other / ours;
}

/** Every ratio is known as well as is asked for. */
function settled({ plan: { error: enough = 0 }, entries }: Fork): boolean {
  return entries.every(
    ({ pairs }) => pairs.length === 0 || (ratioOf(pairs)?.error ?? Number.POSITIVE_INFINITY) <= enough,
  );
}

interface Checked {
  readonly ms: number;
  readonly operations: number;
  readonly others: Readonly<Record<string, number>>;
}

/** The measures of a run that did all of its work. @throws Error when it did less or more. */
function check({ question, size }: Fork, who: string, completed: Completed | undefined): Checked {
  const { ms = Number.NaN, operations = Number.NaN, ...others } = completed ?? {};
  const expected = question.completes(size);
  if (operations !== expected)
    throw new Error(`${question.name}: ${who} completed ${operations} of ${expected} ${question.counts}`);
  if (!(ms > 0)) throw new Error(`${question.name}: ${who} gave ${ms} ms as its time`);
  return { ms, operations, others };
}
