/** The Markdown report escapes what file names hold, stays bounded, and says what the run took. */
import { baselineOf } from '#actors/audit/report/baseline';
import { markdownReport } from '#actors/audit/report/markdown';
import { codeSpan } from '#actors/audit/report/markdown-escape';
import t from 'tap';
import { finding, hostileInput, inputWith, largeResult, metrics } from './sample.js';

/** A line without its code spans (a run of backticks up to the next run of the same length) and escaped characters. */
function bare(line: string): string {
  return line
    .replace(/\\[!-/:-@[-`{-~]/g, (escaped) => (escaped === '\\`' ? '' : '.'))
    .replace(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, '');
}

t.test('no file name leaves its place: no tag, link, heading or table cell comes out of one', (t) => {
  const text = markdownReport(hostileInput());
  for (const line of text.split('\n')) {
    t.notMatch(bare(line), /[<>`]|\]\(|~~|https?:/, line);
  }
  const headings = text.split('\n').filter((line) => /^#+ /.test(line));
  t.notOk(headings.some((line) => line.startsWith('# heading')));
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u202a-\u202e\u200b]/);
  t.end();
});

t.test('every row of a table has as many cells as its head', (t) => {
  const lines = markdownReport(hostileInput()).split('\n');
  const tables = lines.filter((line) => line.startsWith('|'));
  t.ok(tables.length > 10);
  let columns = 0;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('|')) continue;
    const cells = line.replaceAll('\\|', '').split('|').length;
    if (!lines[index - 1]?.startsWith('|')) columns = cells;
    t.equal(cells, columns, line);
  }
  t.end();
});

t.test('a code span is fenced by more backticks than any run in it', (t) => {
  t.equal(codeSpan('plain'), '`plain`');
  t.equal(codeSpan('a``b'), '```a``b```');
  t.equal(codeSpan('`x'), '`` `x ``');
  t.equal(codeSpan('a\nb'), '`a\\nb`');
  t.end();
});

t.test('20,000 findings stay a report that a person can open, and say how many more there are', (t) => {
  const text = markdownReport(inputWith(largeResult(20_000)));
  t.ok(text.length < 400_000, `${text.length}`);
  t.match(text, '- and 480 more, all in `report.sarif`');
  t.match(text, '- and 4,990 more, all in `findings.json`');
  t.end();
});

t.test('an empty result says so', (t) => {
  const text = markdownReport(inputWith());
  t.match(text, '## Findings\n\nNone.');
  t.match(text, 'Revision: none');
  t.notMatch(text, /undefined|NaN/);
  t.end();
});

t.test('worst rules come first, hotspots by commits times complexity, baseline and run are counted', (t) => {
  const findings = [finding({ rule: 'debt/todo', severity: 'low' }), finding()];
  const files = [metrics('calm.ts', 1, 50), metrics('hot.ts', 30, 40), metrics('never.ts', 0, 900)];
  const text = markdownReport(inputWith({ findings, metrics: files }, { baseline: baselineOf([finding()]) }));
  t.ok(text.indexOf('secrets/aws-access-key') < text.indexOf('debt/todo'));
  t.match(text, '1. `hot.ts`: 30 commits, complexity 40, 100 lines\n2. `calm.ts`');
  t.notMatch(text, 'never.ts');
  t.match(text, '| New since the baseline | 1 |');
  t.match(text, '`agent-b-3` on `node-b` was outvoted 2 to 1');
  t.end();
});
