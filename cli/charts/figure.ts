/**
 * What a chart shows, as data: a figure is one or more panels above each other, a panel is series over two axes. How it
 * is drawn (SVG, text) is the renderers' matter.
 */

/** One point of a series; `least` and `most` are its spread, where it has one. */
export interface Point {
  readonly x: number;
  /** Not finite where nothing was measured: the line has a gap there. */
  readonly y: number;
  readonly least?: number;
  readonly most?: number;
}

/** A named line. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** `measured` has marks and a band; `wanted` is a thin dashed line; `line` has no marks, for many points. */
  readonly look: 'measured' | 'line' | 'wanted';
}

/** An axis. */
export interface Axis {
  /** What it is, with its unit. */
  readonly label: string;
  /** A logarithmic axis passes over what is not above zero. */
  readonly scale: 'linear' | 'log';
  /** Where it has ticks; absent: at round numbers. */
  readonly ticks?: readonly number[];
  /** How a tick is written; absent: as {@link shortNumber}. */
  readonly format?: (value: number) => string;
}

/** Series over one pair of axes. */
export interface Panel {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** A picture. */
export interface Figure {
  readonly title: string;
  /** What can be seen, for whoever cannot see it. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

/** Such as `950`, `1.2k`, `31M`: at most three digits, no more decimals than it needs. */
export function shortNumber(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${Number(scaled.toPrecision(3))}${units[unit]}`;
}

/** Bytes by powers of two, such as `16 B`, `4 KiB`. */
export function shortBytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1_024 && unit < units.length - 1) {
    scaled /= 1_024;
    unit += 1;
  }
  return `${Number(scaled.toPrecision(3))} ${units[unit]}`;
}

/** The points of a series that these axes can show. */
export function shownPoints({ points }: Series, { x, y }: Panel): readonly Point[] {
  const fits = (axis: Axis, value: number): boolean => Number.isFinite(value) && (axis.scale === 'linear' || value > 0);
  return points.filter((point) => fits(x, point.x) && fits(y, point.y));
}
