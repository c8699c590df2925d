/** The answer to a sweep for people: a section of Markdown with its chart, and the chart as SVG. */
import { ratioText } from './ratio.js';
import type { Figure, Panel, Series } from '#cli/charts/figure';
import { shortBytes, shortNumber } from '#cli/charts/figure';
import { renderSvg } from '#cli/charts/svg';
import { cell } from './goals.js';
import type { SweepAnswer } from './sweep.js';

/** The section; it shows the chart that is to lie at `charts/<name>.svg` beside it. */
export function renderSweep(answer: SweepAnswer): string {
  const { question, suite, asks, along, points, plan, quick, day, machine, growth, growthOf, atMost, holds } = answer;
  const names = contenderNames(answer);
  const measures = [answer.figure.measure, ...(answer.also === undefined ? [] : [answer.also])];
  const headings = [
    along.label,
    ...names.flatMap((name) => measures.map((measure) => `${name}, ${measure}`)),
    ...ratioNames(answer),
  ];
  const rows = points.map((point) => {
    const cells = names.flatMap((name) => measures.map((measure) => cellOf(point, name, measure)));
    return `| ${[xText(answer, point.x), ...cells, ...ratioNames(answer).map((name) => ratioOf(point, name))].join(' | ')} |`;
  });
  const exponents = growth.map(({ name, exponent }) => `${name} ${exponent.toFixed(2)}`).join(', ');
  const absent =
    points[0]?.answer.contenders.flatMap(({ name, absent: why }) =>
      why === undefined ? [] : [`${name} took no part: ${why}.`],
    ) ?? [];
  return [
    `## ${question}`,
    '',
    `${asks} (${suite}; ${quick ? 'a quick run; ' : ''}${plan.rounds} interleaved rounds at each point; ${day}, ${machine}.)`,
    '',
    `![${descriptionOf(answer)}](charts/${question}.svg)`,
    '',
    `Time for ${growthOf} grows with the ${along.name} to the power of: ${exponents}. 1 is linear; ours may have ${atMost} at most, and ${holds ? 'keeps' : 'does **not** keep'} that.`,
    ...(absent.length === 0 ? [] : ['', ...absent]),
    '',
    `| ${headings.join(' | ')} |`,
    `|${' --- |'.repeat(headings.length)}`,
    ...rows,
    '',
  ].join('\n');
}

/** The chart, as the text of an SVG file. */
export function chartOf(answer: SweepAnswer): string {
  const { question, figure, also, asks } = answer;
  const panels = [figure.measure, ...(also === undefined ? [] : [also])].map((measure) => panelOf(answer, measure));
  const shown: Figure = { title: `${question}: ${asks}`, description: descriptionOf(answer), panels };
  return renderSvg(shown);
}

function panelOf(answer: SweepAnswer, measure: string): Panel {
  const { along, points } = answer;
  const series = contenderNames(answer).map(
    (name): Series => ({
      name: titleOf(answer, name),
      look: 'measured',
      points: points.flatMap(({ x, answer: at }) => {
        const spread = at.contenders.find((each) => each.name === name)?.measures[measure];
        return spread === undefined ? [] : [{ x, y: spread.median, least: spread.least, most: spread.most }];
      }),
    }),
  );
  return {
    x: {
      label: along.label,
      scale: 'log',
      ticks: points.map(({ x }) => x),
      format: along.unit === 'bytes' ? shortBytes : shortNumber,
    },
    y: { label: measure, scale: 'log' },
    series,
  };
}

function descriptionOf(answer: SweepAnswer): string {
  const { points, figure, along } = answer;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return answer.question;
  const each = contenderNames(answer).map((name) => {
    const at = (point: typeof first): string =>
      shortNumber(
        point.answer.contenders.find((one) => one.name === name)?.measures[figure.measure]?.median ?? Number.NaN,
      );
    return `${name} from ${at(first)} to ${at(last)}`;
  });
  return `${figure.measure} from ${xText(answer, first.x)} to ${xText(answer, last.x)}${along.unit === 'bytes' ? '' : ` ${along.name}`}: ${each.join('; ')}`;
}

/** Those that took part, in order. */
function contenderNames({ points }: SweepAnswer): readonly string[] {
  return points[0]?.answer.contenders.flatMap(({ name, absent }) => (absent === undefined ? [name] : [])) ?? [];
}

function titleOf({ points }: SweepAnswer, name: string): string {
  const version = points[0]?.answer.contenders.find((each) => each.name === name)?.version;
  return version === undefined ? name : `${name} ${version}`;
}

function ratioNames(answer: SweepAnswer): readonly string[] {
  return contenderNames(answer)
    .slice(1)
    .map((name) => `ratio to ${name}`);
}

function ratioOf({ answer }: SweepAnswer['points'][number], heading: string): string {
  const ratio = answer.contenders.find(({ name }) => `ratio to ${name}` === heading)?.ratio;
  return ratio === undefined ? '' : ratioText(ratio);
}

function cellOf({ answer }: SweepAnswer['points'][number], name: string, measure: string): string {
  const spread = answer.contenders.find((each) => each.name === name)?.measures[measure];
  return spread === undefined ? '' : `${cell(spread.median)} (${cell(spread.least)} to ${cell(spread.most)})`;
}

function xText({ along }: SweepAnswer, x: number): string {
  return along.unit === 'bytes' ? shortBytes(x) : x.toLocaleString('en');
}
