/** Charts: what is in the picture is what was measured, at the right place, for eyes, screen readers and terminals. */
import fc from 'fast-check';
import t from 'tap';
import { type Figure, type Panel, type Series, shortBytes, shortNumber } from '#cli/charts/figure';
import { renderSvg } from '#cli/charts/svg';
import { renderText } from '#cli/charts/text';

function panelOf(points: Series['points'], scale: 'linear' | 'log', look: Series['look'] = 'measured'): Panel {
  return { x: { label: 'size', scale }, y: { label: 'rate', scale }, series: [{ name: 'ours', points, look }] };
}

function figureOf(...panels: readonly Panel[]): Figure {
  return { title: 'a <title> & more', description: 'from "1" to 2', panels };
}

/** The places of the marks, in order. */
function marks(svg: string): readonly (readonly [number, number])[] {
  return [...svg.matchAll(/transform="translate\((-?[\d.]+),(-?[\d.]+)\)" fill="#0072b2"\/>(?!<text)/g)].map(
    (match) => [Number(match[1]), Number(match[2])] as const,
  );
}

t.test('a logarithmic chart puts equal ratios at equal distances, a linear one equal differences', async (t) => {
  const log = marks(
    renderSvg(
      figureOf(
        panelOf(
          [10, 100, 1_000].map((x) => ({ x, y: x })),
          'log',
        ),
      ),
    ),
  );
  t.equal(log.length, 3);
  t.ok(Math.abs(step(log, 0, 0) - step(log, 1, 0)) < 0.3, 'in x');
  t.ok(Math.abs(step(log, 0, 1) - step(log, 1, 1)) < 0.3, 'in y');
  t.ok(step(log, 0, 1) < 0, 'more is higher');
  const linear = marks(
    renderSvg(
      figureOf(
        panelOf(
          [0, 5, 10].map((x) => ({ x, y: 3 * x })),
          'linear',
        ),
      ),
    ),
  );
  t.ok(Math.abs(step(linear, 0, 0) - step(linear, 1, 0)) < 0.3);
  t.ok(Math.abs(step(linear, 0, 1) - step(linear, 1, 1)) < 0.3);
});

function step(places: readonly (readonly [number, number])[], from: number, coordinate: 0 | 1): number {
  return (places[from + 1]?.[coordinate] ?? Number.NaN) - (places[from]?.[coordinate] ?? Number.NaN);
}

t.test('text with marks of XML is escaped, and title and description are there for screen readers', async (t) => {
  const svg = renderSvg(figureOf(panelOf([{ x: 1, y: 1 }], 'linear')));
  t.match(svg, '<title id="title">a &lt;title&gt; &amp; more</title>');
  t.match(svg, '<desc id="desc">from &quot;1&quot; to 2</desc>');
  t.match(svg, 'role="img" aria-labelledby="title desc"');
  t.match(svg, /<rect [^>]*fill="#ffffff"/, 'its own background');
});

t.test('a missing value breaks the line and a spread has a band', async (t) => {
  const points = [
    { x: 1, y: 1, least: 0.5, most: 2 },
    { x: 2, y: Number.NaN },
    { x: 3, y: 2, least: 1, most: 3 },
    { x: 4, y: 2, least: 1, most: 3 },
  ];
  const svg = renderSvg(figureOf(panelOf(points, 'linear')));
  t.notMatch(svg, 'NaN');
  t.match(svg, /fill-opacity/);
  const [line = ''] = /<path d="M[^"]*" fill="none" stroke="#0072b2"/.exec(svg) ?? [];
  t.equal([...line.matchAll(/M/g)].length, 2, 'two runs');
});

t.test('whatever the values, no picture has a coordinate that is no number', async (t) => {
  const value = fc.oneof(fc.double({ noNaN: false }), fc.integer({ min: -5, max: 1_000_000 }));
  const points = fc.array(fc.record({ x: value, y: value }), { maxLength: 12 });
  const property = fc.property(points, fc.constantFrom('linear' as const, 'log' as const), (some, scale) => {
    const usable = some.map(({ x, y }) => ({ x: clamp(x), y: clamp(y) }));
    const panel = panelOf(usable, scale);
    const svg = renderSvg(figureOf(panel));
    const lines = renderText(panel, { columns: 60, rows: 6 });
    return !/NaN|Infinity|undefined/.test(svg) && lines.every((line) => line.length <= 60);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
});

/** Values that can be measured: not beyond what a rate or a size can be. */
function clamp(value: number): number {
  return Number.isFinite(value) ? Math.sign(value) * Math.min(1e15, Math.max(1e-6, Math.abs(value))) : Number.NaN;
}

t.test('a text chart shows a jump as a jump, with what was wanted as dots', async (t) => {
  const panel: Panel = {
    x: { label: 'seconds', scale: 'linear' },
    y: { label: 'calls/s', scale: 'linear' },
    series: [
      { name: 'wanted', look: 'wanted', points: [0, 10].map((x) => ({ x, y: 80 })) },
      { name: 'achieved', look: 'line', points: [0, 5, 5.01, 10].map((x) => ({ x, y: x > 5 ? 100 : 20 })) },
    ],
  };
  const lines = renderText(panel, { columns: 40, rows: 6 });
  t.same(lines, [
    '     calls/s by seconds:  · wanted  ─ achieved'.slice(0, 40),
    '100 ┤                 ╭─────────────────'.slice(0, 40),
    ...lines.slice(2),
  ]);
  t.match(lines[1], /^100 ┤ +╭─+$/);
  t.match(lines[2], /^ 80 ┤·+│·+$/);
  t.match(lines[5], /^ 20 ┤─+╯$/);
  t.match(lines.at(-1), /^ +0 .*10$/);
});

t.test('numbers of axes are short', async (t) => {
  t.same([0, 0.25, 950, 1_200, 999_999, 31_000_000].map(shortNumber), ['0', '0.25', '950', '1.2k', '1M', '31M']);
  t.same([16, 1_024, 65_536, 3 * 2 ** 20].map(shortBytes), ['16 B', '1 KiB', '64 KiB', '3 MiB']);
});
