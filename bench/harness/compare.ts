/**
 * Compares results with saved ones. Where a peer took part in both, what counts is the ratio to it, because it travels
 * between machines and noisy hours; where none did, it is our own figure.
 */
import { unreachable } from '#protocols/wire/error';
import type { Answer } from './measure.js';
import type { Results } from './results.js';
import type { Section } from './section.js';

/** A loss of more than this share is flagged. */
const LOSS = 0.1;

/** One question, then and now. */
export interface Compared {
  readonly question: string;
  /** The peer that both were measured against; undefined where our own figure is compared. */
  readonly against?: string;
  readonly before: number;
  readonly now: number;
  /** Above 1 is better than before. */
  readonly change: number;
  /** Lost more than a tenth. */
  readonly lost: boolean;
}

/** Compares every question that both hold, each peer for itself, and sweeps point by point. */
export function compare(saved: Results, current: Results): readonly Compared[] {
  const before = new Map(saved.sections.flatMap(answersOf).map((answer) => [answer.question, answer]));
  return current.sections.flatMap(answersOf).flatMap((now) => {
    const then = before.get(now.question);
    return then === undefined ? [] : compareAnswers(then, now);
  });
}

/** The answers of a section under names of their own. Load has thresholds in the place of ratios. */
function answersOf(section: Section): readonly Answer[] {
  switch (section.kind) {
    case 'question':
      return [section];
    case 'sweep':
      return section.points.map(({ x, answer }) => ({
        ...answer,
        question: `${section.question} at ${section.along.name} ${x}`,
      }));
    case 'load':
      return [];
    default:
      return unreachable(section);
  }
}

function compareAnswers(then: Answer, now: Answer): readonly Compared[] {
  const byPeer = now.contenders.flatMap(({ name, ratio }) => {
    const earlier = then.contenders.find((each) => each.name === name)?.ratio;
    return ratio === undefined || earlier === undefined
      ? []
      : [compared(now.question, name, earlier.median, ratio.median)];
  });
  if (byPeer.length > 0) return byPeer;
  const { measure, better } = now.figure;
  const ours = now.contenders[0]?.measures[measure]?.median ?? Number.NaN;
  const earlier = then.contenders[0]?.measures[measure]?.median ?? Number.NaN;
  const both = better === 'more' ? ([earlier, ours] as const) : ([1 / earlier, 1 / ours] as const);
  return [{ ...compared(now.question, undefined, ...both), before: earlier, now: ours }];
}

function compared(question: string, against: string | undefined, before: number, now: number): Compared {
  const change = now / before;
  return { question, ...(against === undefined ? {} : { against }), before, now, change, lost: change < 1 - LOSS };
}

/** The comparison as a table of text. */
export function renderCompared(rows: readonly Compared[]): string {
  if (rows.length === 0) return 'no question is in both results';
  const cells = rows.map(({ question, against, before, now, change, lost }) => [
    question,
    against ?? '(our own figure)',
    figure(before, against),
    figure(now, against),
    `${change.toFixed(2)}x`,
    lost ? 'LOST' : '',
  ]);
  const table = [['question', 'against', 'before', 'now', 'change', ''], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function figure(value: number, against: string | undefined): string {
  return against === undefined ? value.toPrecision(4) : `${value.toFixed(2)}x`;
}
