/**
 * A figure as SVG text, without a DOM: a card with its own background, so that it reads the same on light and dark
 * pages, with a title and a description for screen readers.
 */
import { type Axis, type Figure, type Panel, type Series, shortNumber, shownPoints } from './figure.js';
import { bandPath, linePath, markPath, type Scale, scalesOf } from './scale.js';

const WIDTH = 760;
const TITLE_HEIGHT = 34;
const PANEL_HEIGHT = 290;
/** Around the drawing area of a panel: legend and label above, ticks and label below. */
const MARGIN = { left: 66, right: 26, top: 52, bottom: 46 };
const FONT = 'ui-sans-serif, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif';
const INK = { page: '#ffffff', edge: '#d0d7de', grid: '#e6eaef', axis: '#57606a', text: '#1f2328', wanted: '#8c959f' };
/** Okabe and Ito's colours, which people with any kind of colour vision tell apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
/** Width of an average character of the legend in pixels. */
const LEGEND_CHARACTER = 6.6;

/** The figure as an SVG document. */
export function renderSvg({ title, description, panels }: Figure): string {
  const height = TITLE_HEIGHT + panels.length * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc" font-family="${FONT}" font-size="12">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(description)}</desc>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" fill="${INK.page}" stroke="${INK.edge}"/>`,
    `<text x="20" y="26" font-size="15" font-weight="600" fill="${INK.text}">${escape(title)}</text>`,
    ...panels.map((panel, index) => panelSvg(panel, TITLE_HEIGHT + index * PANEL_HEIGHT)),
    '</svg>',
    '',
  ].join('\n');
}

function panelSvg(panel: Panel, offset: number): string {
  const area = {
    left: MARGIN.left,
    right: WIDTH - MARGIN.right,
    top: offset + MARGIN.top,
    bottom: offset + PANEL_HEIGHT - MARGIN.bottom,
  };
  const { x, y } = scalesOf(panel, area, { xTicks: 8, yTicks: 5 });
  const middle = round((area.left + area.right) / 2);
  return [
    `<text x="20" y="${area.top - 34}" font-weight="600" fill="${INK.axis}">${escape(panel.y.label)}</text>`,
    ...y.ticks.map((tick) => horizontalTick(panel.y, tick, y, area)),
    ...x.ticks.map((tick) => verticalTick(panel.x, tick, x, area)),
    `<path d="M${area.left},${area.bottom}H${area.right}" stroke="${INK.axis}" fill="none"/>`,
    `<text x="${middle}" y="${area.bottom + 36}" text-anchor="middle" fill="${INK.axis}">${escape(panel.x.label)}</text>`,
    ...dressed(panel.series).map((one) => seriesSvg(one, panel, { x, y })),
    legend(dressed(panel.series), area),
  ].join('\n');
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function horizontalTick(axis: Axis, tick: number, scale: Scale, { left, right }: Area): string {
  const at = round(scale.place(tick));
  return `<path d="M${left},${at}H${right}" stroke="${INK.grid}"/><text x="${left - 8}" y="${at + 4}" text-anchor="end" fill="${INK.axis}">${escape(tickText(axis, tick))}</text>`;
}

function verticalTick(axis: Axis, tick: number, scale: Scale, { bottom }: Area): string {
  const at = round(scale.place(tick));
  return `<path d="M${at},${bottom}v5" stroke="${INK.axis}"/><text x="${at}" y="${bottom + 19}" text-anchor="middle" fill="${INK.axis}">${escape(tickText(axis, tick))}</text>`;
}

function tickText({ format = shortNumber }: Axis, tick: number): string {
  return format(tick);
}

/** A series with the colour and the mark that are its own. */
interface Dressed {
  readonly series: Series;
  readonly colour: string;
  readonly mark: string;
}

/** What is wanted is grey and stands behind; colours and marks are for what is. */
function dressed(all: readonly Series[]): readonly Dressed[] {
  let next = 0;
  return all.map((series) => {
    if (series.look === 'wanted') return { series, colour: INK.wanted, mark: '' };
    const index = next;
    next += 1;
    return { series, colour: COLOURS[index % COLOURS.length] ?? INK.text, mark: markPath(index) };
  });
}

function seriesSvg(
  { series, colour, mark }: Dressed,
  panel: Panel,
  { x, y }: { readonly x: Scale; readonly y: Scale },
): string {
  const shown = shownPoints(series, panel);
  const path = runsOf(series, panel)
    .map((run) => linePath(run.map((point) => [x.place(point.x), y.place(point.y)])))
    .join('');
  const stroke = series.look === 'wanted' ? 'stroke-width="1.5" stroke-dasharray="5 4"' : 'stroke-width="2"';
  const parts = [`<path d="${path}" fill="none" stroke="${colour}" ${stroke} stroke-linejoin="round"/>`];
  if (series.look === 'measured') {
    const band = shown.map(({ x: at, y: value, least = value, most = value }) => {
      return { x: x.place(at), low: y.place(least), high: y.place(most) };
    });
    parts.unshift(`<path d="${bandPath(band)}" fill="${colour}" fill-opacity="0.16"/>`);
    for (const point of shown)
      parts.push(
        `<path d="${mark}" transform="translate(${round(x.place(point.x))},${round(y.place(point.y))})" fill="${colour}"/>`,
      );
  }
  return `<g>${parts.join('')}</g>`;
}

/** Neighbouring points; a line is broken where a value is missing between them. */
function runsOf(series: Series, panel: Panel): readonly (readonly Series['points'][number][])[] {
  const shown = new Set(shownPoints(series, panel));
  const runs: Series['points'][number][][] = [[]];
  for (const point of series.points) {
    if (shown.has(point)) runs.at(-1)?.push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function legend(entries: readonly Dressed[], { left, right, top }: Area): string {
  let [at, row] = [left, top - 14];
  const texts = entries.map(({ series: { name, look }, colour, mark }) => {
    const width = 30 + name.length * LEGEND_CHARACTER + 18;
    if (at > left && at + width > right) [at, row] = [left, row + 15];
    const dashes = look === 'wanted' ? ' stroke-dasharray="5 4"' : '';
    const sample =
      look === 'measured'
        ? `<path d="${mark}" transform="translate(${round(at + 11)},${row - 4})" fill="${colour}"/>`
        : '';
    const text = `<path d="M${round(at)},${row - 4}h22" stroke="${colour}" stroke-width="2"${dashes}/>${sample}<text x="${round(at + 28)}" y="${row}" fill="${INK.text}">${escape(name)}</text>`;
    at += width;
    return text;
  });
  return texts.join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
