/**
 * A sweep is a question asked at several sizes of one thing, to see how the cost grows with it: each point is measured
 * as any question is, by the same contenders under the same checks. The growth is told by one number, the exponent e of
 * time ~ x^e, from the least-squares line through the logarithms: 1 is linear, 0 costs nothing more.
 */
import { measure, type Answer, type MeasureOptions } from './measure.js';
import type { Plan, Question, Size } from './question.js';

/** A sweep. */
export interface Sweep extends Omit<Question, 'sizes' | 'goals' | 'figure'> {
  /** What grows: the name of it in the size, and what the axis says. */
  readonly along: { readonly name: string; readonly label: string; readonly unit: 'count' | 'bytes' };
  /** The sizes, in the order of what grows. */
  readonly points: { readonly full: readonly Size[]; readonly quick: readonly Size[] };
  /** The work that is to grow linearly at most, with what grows. */
  readonly growth: {
    /** What it is, such as `one message to each actor`. */
    readonly of: string;
    /** How many operations that is at a size. */
    readonly operations: (size: Size) => number;
    /** The exponent that it may have at most: 1 and what caches and collectors add. */
    readonly atMost: number;
  };
  /** A second measure to draw, derived from the operations per second and the size. */
  readonly also?: { readonly measure: string; readonly of: (perSecond: number, size: Size) => number };
}

/** The answer at one size. */
export interface SweepPoint {
  readonly x: number;
  readonly answer: Answer;
}

/** How the time of one contender grows. */
export interface Growth {
  readonly name: string;
  readonly exponent: number;
}

/** The answer to a sweep. */
export interface SweepAnswer
  extends Pick<Answer, 'question' | 'suite' | 'asks' | 'quick' | 'day' | 'machine' | 'plan' | 'figure' | 'seconds'> {
  readonly kind: 'sweep';
  readonly along: Sweep['along'];
  readonly points: readonly SweepPoint[];
  readonly growthOf: string;
  readonly growth: readonly Growth[];
  /** The exponent that ours may have at most, and whether it has. */
  readonly atMost: number;
  readonly holds: boolean;
  readonly also?: string;
}

/** One start is enough where the points support each other. */
const plans: { readonly full: Plan; readonly quick: Plan } = {
  full: { forks: 1, warmups: 1, rounds: 3 },
  quick: { forks: 1, warmups: 1, rounds: 1 },
};

/** Measures a sweep. @throws Error when a contender fails, or does not complete the work at a point. */
export async function measureSweep(sweep: Sweep, options: MeasureOptions): Promise<SweepAnswer> {
  const startMs = performance.now();
  const { along, also, growth } = sweep;
  const points: SweepPoint[] = [];
  for (const size of options.quick ? sweep.points.quick : sweep.points.full) {
    const x = size[along.name] ?? Number.NaN;
    const answer = await measure(questionAt(sweep, size), {
      ...options,
      say: (line) => options.say(`${along.name} ${x}: ${line}`),
    });
    points.push({ x, answer: also === undefined ? answer : withMeasure(answer, also, size, sweep.counts) });
  }
  const first = points[0]?.answer;
  if (first === undefined) throw new Error(`${sweep.name} has no points`);
  const found = first.contenders.map(({ name }) => ({ name, exponent: growthOf(name, points, sweep) }));
  return {
    kind: 'sweep',
    question: sweep.name,
    suite: sweep.suite,
    asks: sweep.asks,
    quick: options.quick,
    day: first.day,
    machine: first.machine,
    plan: first.plan,
    figure: first.figure,
    seconds: (performance.now() - startMs) / 1_000,
    along,
    points,
    growthOf: growth.of,
    growth: found.filter(({ exponent }) => Number.isFinite(exponent)),
    atMost: growth.atMost,
    holds: (found[0]?.exponent ?? Number.NaN) <= growth.atMost,
    ...(also === undefined ? {} : { also: also.measure }),
  };
}

function questionAt(sweep: Sweep, size: Size): Question {
  const { name, suite, asks, counts, completes, contenders } = sweep;
  return {
    name,
    suite,
    asks,
    counts,
    completes,
    contenders,
    sizes: { full: size, quick: size },
    plans: sweep.plans ?? plans,
  };
}

function withMeasure(
  answer: Answer,
  { measure: name, of }: NonNullable<Sweep['also']>,
  size: Size,
  counts: string,
): Answer {
  const contenders = answer.contenders.map((each) => {
    const rate = each.measures[`${counts}/s`];
    if (rate === undefined) return each;
    const [median, least, most] = [rate.median, rate.least, rate.most].map((value) => of(value, size));
    const derived = { median: median ?? Number.NaN, least: least ?? Number.NaN, most: most ?? Number.NaN };
    return { ...each, measures: { ...each.measures, [name]: derived } };
  });
  return { ...answer, contenders };
}

/** The exponent of a contender; not-a-number when fewer than two points were measured. */
function growthOf(name: string, points: readonly SweepPoint[], { counts, growth }: Sweep): number {
  const found = points.flatMap(({ x, answer }) => {
    const rate = answer.contenders.find((each) => each.name === name)?.measures[`${counts}/s`];
    return rate === undefined ? [] : [{ x, y: growth.operations(answer.size) / rate.median }];
  });
  return exponentOf(found);
}

/** The slope of the least-squares line through (log x, log y): the e of y ~ x^e. */
export function exponentOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    logs.reduce((sum, point) => sum + of(point), 0) / logs.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const covariance = logs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return variance > 0 ? covariance / variance : Number.NaN;
}
