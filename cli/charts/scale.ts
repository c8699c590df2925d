/**
 * Scales and lines, by d3: where a value lies, which round numbers a reader expects at an axis, and the path through
 * points. The one file that knows d3, so that both renderers place things alike.
 */
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { area, line, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from 'd3-shape';
import { type Axis, type Panel, shownPoints } from './figure.js';

/** Places values of an axis between `from` and `to`. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The scales of a panel for a drawing area; y grows upwards, from `bottom` to `top`. */
export function scalesOf(
  panel: Panel,
  {
    left,
    right,
    top,
    bottom,
  }: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
  { xTicks, yTicks }: { readonly xTicks: number; readonly yTicks: number },
): { readonly x: Scale; readonly y: Scale } {
  const points = panel.series.flatMap((series) => shownPoints(series, panel));
  const ys = points.flatMap(({ y, least = y, most = y }) => [y, least, most]);
  return {
    x: makeScale(
      panel.x,
      points.map(({ x }) => x),
      [left, right],
      xTicks,
      false,
    ),
    y: makeScale(panel.y, ys, [bottom, top], yTicks, true),
  };
}

function makeScale(
  axis: Axis,
  values: readonly number[],
  range: readonly [number, number],
  count: number,
  open: boolean,
): Scale {
  const usable = values.filter((value) => Number.isFinite(value) && (axis.scale === 'linear' || value > 0));
  const [least, most] = [Math.min(...usable), Math.max(...usable)];
  const domain = usable.length === 0 ? (axis.scale === 'log' ? [1, 10] : [0, 1]) : domainOf(axis, least, most, open);
  const base = axis.scale === 'log' ? scaleLog(domain, range) : scaleLinear(domain, range);
  const scale = open ? base.nice(axis.scale === 'log' ? undefined : count) : base;
  return { place: (value) => scale(value), ticks: axis.ticks ?? ticksOf(axis, scale, count) };
}

/** A linear axis begins at nothing, so that heights compare; a logarithmic one has room around a single value. */
function domainOf(axis: Axis, least: number, most: number, open: boolean): readonly [number, number] {
  if (axis.scale === 'linear') return [Math.min(0, least), most > Math.min(0, least) ? most : 1];
  return least < most ? [least, open ? most * 1.05 : most] : [least / 2, most * 2];
}

/** Of a logarithmic axis over several decades the powers of ten; over fewer, 1, 2 and 5 of each. */
function ticksOf(axis: Axis, scale: ScaleContinuousNumeric<number, number>, count: number): readonly number[] {
  if (axis.scale === 'linear') return scale.ticks(count);
  const [least = 1, most = 10] = scale.domain();
  const decades = Math.log10(most / least);
  const leads = decades > 2.5 ? [1] : [1, 2, 5];
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1)
    for (const lead of leads) {
      const tick = lead * 10 ** power;
      if (tick >= least * 0.999 && tick <= most * 1.001) found.push(tick);
    }
  return found;
}

/** The path through points, as the `d` of an SVG path. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  return line().digits(1)(points.map(([x, y]) => [x, y])) ?? '';
}

/** The area between two heights at each place. */
export function bandPath(
  points: readonly { readonly x: number; readonly low: number; readonly high: number }[],
): string {
  const path = area<{ readonly x: number; readonly low: number; readonly high: number }>()
    .x(({ x }) => x)
    .y0(({ low }) => low)
    .y1(({ high }) => high)
    .digits(1);
  return path([...points]) ?? '';
}

const marks = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];

/** The mark of the series of this number around the origin: shapes differ, so that colour is not all that tells. */
export function markPath(index: number): string {
  return (
    symbol()
      .type(marks[index % marks.length] ?? symbolCircle)
      .size(40)
      .digits(1)() ?? ''
  );
}
