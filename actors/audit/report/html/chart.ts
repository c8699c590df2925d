/**
 * The chart of hotspots: a bubble for each file, commits to the right, complexity upwards, area by lines. What matters
 * lies in the upper right corner; the worst files there carry their names, as far as the names do not cover each other.
 * Drawn with attributes and classes only, because the page's policy forbids inline styles.
 */
import type { FileMetrics } from '../../finding.js';
import { hotspotScore, worstHotspots } from '../hotspots.js';
import { printableWithin } from '../printable.js';
import { countOf, formatCount } from '../quantity.js';
import { type Scale, scaleFor } from './chart-scale.js';
import { html, type Markup } from './markup.js';

const width = 860;
const height = 460;
const plot = { left: 64, right: 24, top: 20, bottom: 56 };
const inner = { width: width - plot.left - plot.right, height: height - plot.top - plot.bottom };

/** Bubbles beyond these would be one grey cloud; the files with the highest scores stay. */
const bubbleLimit = 400;
const namedLimit = 8;
const radius = { smallest: 2.5, largest: 20 };

/** Width and height of a label's box: the mean advance of a bold 11.5 px sans-serif, and its line. */
const letter = { width: 7.2, height: 14 };

interface Bubble {
  readonly file: FileMetrics;
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Label {
  readonly text: string;
  readonly box: Box;
}

function bubblesOf(files: readonly FileMetrics[], commits: Scale, complexity: Scale): readonly Bubble[] {
  const longest = files.reduce((most, file) => Math.max(most, file.lines), 1);
  return files.map((file) => ({
    file,
    x: plot.left + commits.at(file.commits) * inner.width,
    y: plot.top + (1 - complexity.at(file.sumCognitive)) * inner.height,
    r: radius.smallest + (radius.largest - radius.smallest) * Math.sqrt(file.lines / longest),
  }));
}

function overlaps(left: Box, right: Box): boolean {
  return left.left < right.right && right.left < left.right && left.top < right.bottom && right.top < left.bottom;
}

function inside(box: Box): boolean {
  return box.left >= plot.left && box.right <= width - 2 && box.top >= 2 && box.bottom <= plot.top + inner.height;
}

/** Boxes to try for a label, best first: right of the bubble, left of it, above, below. */
function candidates({ x, y, r }: Bubble, text: string): readonly Box[] {
  const span = text.length * letter.width;
  const half = letter.height / 2;
  const at = (left: number, top: number): Box => ({ left, top, right: left + span, bottom: top + letter.height });
  return [
    at(x + r + 5, y - half),
    at(x - r - 5 - span, y - half),
    at(x - span / 2, y - r - 3 - letter.height),
    at(x - span / 2, y + r + 3),
  ];
}

/** Places names greedily, worst file first; a name that fits nowhere is left to the tooltip and the list. */
function placeLabels(worst: readonly Bubble[]): readonly Label[] {
  const taken: Box[] = worst.map(({ x, y, r }) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r }));
  return worst.flatMap((bubble, index) => {
    const text = printableWithin(bubble.file.path.split('/').slice(-2).join('/'), 34);
    const others = taken.filter((_, position) => position !== index);
    const box = candidates(bubble, text).find((each) => inside(each) && !others.some((other) => overlaps(each, other)));
    if (box === undefined) return [];
    taken.push(box);
    return [{ text, box }];
  });
}

const px = (value: number): string => value.toFixed(1);

function xAxis(scale: Scale): Markup {
  const bottom = plot.top + inner.height;
  const marks = scale.ticks.map((tick) => {
    const x = px(plot.left + scale.at(tick) * inner.width);
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${plot.top}" y2="${bottom}"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${formatCount(tick)}</text>`;
  });
  const name = scale.kind === 'log' ? 'Commits that touched the file (log scale)' : 'Commits that touched the file';
  return html`${marks}<text class="axis" x="${plot.left + inner.width / 2}" y="${height - 12}" text-anchor="middle">${name}</text>`;
}

function yAxis(scale: Scale): Markup {
  const marks = scale.ticks.map((tick) => {
    const y = plot.top + (1 - scale.at(tick)) * inner.height;
    return html`<line class="grid" x1="${plot.left}" x2="${plot.left + inner.width}" y1="${px(y)}" y2="${px(y)}"/><text x="${plot.left - 10}" y="${px(y + 4)}" text-anchor="end">${formatCount(tick)}</text>`;
  });
  const middle = plot.top + inner.height / 2;
  const name = scale.kind === 'log' ? 'Cognitive complexity (log scale)' : 'Cognitive complexity';
  return html`${marks}<text class="axis" transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${name}</text>`;
}

function circle({ file, x, y, r }: Bubble, hot: boolean): Markup {
  const numbers = `${countOf(file.commits, 'commit')}, complexity ${formatCount(file.sumCognitive)}, ${countOf(file.lines, 'line')}`;
  const tooltip = `${printableWithin(file.path, 200)}: ${numbers}`;
  return html`<circle class="${hot ? 'bubble hot' : 'bubble'}" cx="${px(x)}" cy="${px(y)}" r="${px(r)}"><title>${tooltip}</title></circle>`;
}

/** The chart, or undefined when no file has both commits and complexity. */
export function hotspotChart(metrics: readonly FileMetrics[]): Markup | undefined {
  const drawn = metrics
    .filter((file) => file.commits > 0 && file.sumCognitive > 0)
    .sort((left, right) => hotspotScore(right) - hotspotScore(left))
    .slice(0, bubbleLimit);
  if (drawn.length === 0) return undefined;
  const commits = scaleFor(drawn.map((file) => file.commits));
  const complexity = scaleFor(drawn.map((file) => file.sumCognitive));
  const bubbles = bubblesOf(drawn, commits, complexity);
  const named = new Set(worstHotspots(drawn, namedLimit));
  const worst = bubbles.filter(({ file }) => named.has(file));
  const largestFirst = bubbles.toSorted((left, right) => right.r - left.r);
  const labels = placeLabels(worst).map(
    ({ text, box }) => html`<text class="name" x="${px(box.left)}" y="${px(box.bottom - 3)}">${text}</text>`,
  );
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="chart-title chart-text">
<title id="chart-title">Commits against complexity of ${countOf(drawn.length, 'file')}</title>
<desc id="chart-text">Each bubble is a file: commits to the right, cognitive complexity upwards, area by lines. The list after the chart names the worst.</desc>
${xAxis(commits)}${yAxis(complexity)}
${largestFirst.map((bubble) => circle(bubble, named.has(bubble.file)))}
${labels}
</svg>`;
}
