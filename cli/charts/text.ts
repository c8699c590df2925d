/**
 * A panel as lines of text, for a terminal: series drawn with box-drawing characters, what was wanted as dots behind
 * them, ticks at the left and below.
 */
import { type Panel, type Series, shortNumber, shownPoints } from './figure.js';
import { type Scale, scalesOf } from './scale.js';

/** Size in characters, of all of it. */
export interface TextSize {
  readonly columns: number;
  /** Lines of the drawing area; the label and the axis take four more. */
  readonly rows: number;
}

/** One set of strokes a series, so that two that meet can still be told apart. */
const strokes = [
  { flat: '─', up: ['╯', '╭'], down: ['╮', '╰'], upright: '│' },
  { flat: '━', up: ['┛', '┏'], down: ['┓', '┗'], upright: '┃' },
  { flat: '═', up: ['╝', '╔'], down: ['╗', '╚'], upright: '║' },
] as const;
const DOTS = '·';

/** The lines of the chart, none longer than `columns`. */
export function renderText(panel: Panel, { columns, rows }: TextSize): readonly string[] {
  const format = panel.y.format ?? shortNumber;
  const { y: probe } = scalesOf(panel, { left: 0, right: 1, top: 0, bottom: rows - 1 }, { xTicks: 5, yTicks: 4 });
  const gutter = Math.max(...probe.ticks.map((tick) => format(tick).length), 1);
  const width = Math.max(10, columns - gutter - 2);
  const area = { left: 0, right: width - 1, top: 0, bottom: rows - 1 };
  const { x, y } = scalesOf(panel, area, { xTicks: Math.max(2, Math.floor(width / 12)), yTicks: 4 });
  const grid = Array.from({ length: rows }, () => Array.from({ length: width }, () => ' '));
  let drawn = 0;
  const behindFirst = panel.series.toSorted((a, b) => Number(b.look === 'wanted') - Number(a.look === 'wanted'));
  const marks = new Map<Series, string>();
  for (const series of behindFirst) {
    const stroke = strokes[drawn % strokes.length] ?? strokes[0];
    marks.set(series, series.look === 'wanted' ? DOTS : stroke.flat);
    if (series.look === 'wanted') drawDots(grid, series, panel, { x, y });
    else {
      drawLine(grid, heightsOf(series, panel, { x, y }, width), stroke);
      drawn += 1;
    }
  }
  const legend = panel.series.map((series) => `${marks.get(series)} ${series.name}`).join('  ');
  const labels = new Map(y.ticks.map((tick) => [Math.round(y.place(tick)), format(tick)]));
  return [
    `${' '.repeat(gutter)}  ${panel.y.label} by ${panel.x.label}:  ${legend}`.slice(0, columns),
    ...grid.map((row, at) => `${(labels.get(at) ?? '').padStart(gutter)} ┤${row.join('')}`.trimEnd()),
    `${' '.repeat(gutter)} └${'─'.repeat(width)}`,
    below(x, panel, gutter + 2, width),
  ];
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

/** The row at each column, on straight lines between the points; undefined beside them and where points are missing. */
function heightsOf(series: Series, panel: Panel, { x, y }: Scales, width: number): readonly (number | undefined)[] {
  const points = shownPoints(series, panel).map((point) => ({ at: x.place(point.x), row: y.place(point.y) }));
  let next = 0;
  return Array.from({ length: width }, (_, column) => {
    while (next < points.length && (points[next]?.at ?? 0) < column) next += 1;
    const [before, after] = [points[next - 1], points[next]];
    if (after === undefined) return before !== undefined && column - before.at < 1 ? Math.round(before.row) : undefined;
    if (before === undefined) return after.at - column < 1 ? Math.round(after.row) : undefined;
    const share = (column - before.at) / (after.at - before.at);
    return Math.round(before.row + share * (after.row - before.row));
  });
}

function drawLine(grid: string[][], heights: readonly (number | undefined)[], stroke: (typeof strokes)[number]): void {
  for (const [column, row] of heights.entries()) {
    if (row === undefined) continue;
    const next = heights[column + 1] ?? row;
    if (next === row) {
      put(grid, row, column, stroke.flat);
      continue;
    }
    // Rows count from the top: a smaller one is higher.
    const [leave, arrive] = next < row ? stroke.up : stroke.down;
    put(grid, row, column, leave);
    put(grid, next, column, arrive);
    for (let between = Math.min(row, next) + 1; between < Math.max(row, next); between += 1)
      put(grid, between, column, stroke.upright);
  }
}

function drawDots(grid: string[][], series: Series, panel: Panel, scales: Scales): void {
  for (const [column, row] of heightsOf(series, panel, scales, grid[0]?.length ?? 0).entries())
    if (row !== undefined) put(grid, row, column, DOTS);
}

function put(grid: string[][], row: number, column: number, mark: string): void {
  const line = grid[row];
  if (line !== undefined && column < line.length) line[column] = mark;
}

/** The ticks of the x axis that do not touch their neighbour. */
function below({ ticks, place }: Scale, { x }: Panel, indent: number, width: number): string {
  const format = x.format ?? shortNumber;
  let line = ' '.repeat(indent);
  for (const tick of ticks) {
    const text = format(tick);
    const at = indent + Math.min(width - text.length, Math.max(0, Math.round(place(tick) - text.length / 2)));
    if (at >= line.length + (line.trim() === '' ? 0 : 1)) line = `${line.padEnd(at)}${text}`;
    else if (line.trim() === '') line = `${' '.repeat(at)}${text}`;
  }
  return line;
}
