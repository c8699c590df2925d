/** The page is one file that runs nothing foreign, escapes what file names hold, and stays bounded and readable. */
import { createHash } from 'node:crypto';
import { baselineOf } from '#actors/audit/report/baseline';
import { scaleFor } from '#actors/audit/report/html/chart-scale';
import { htmlReport } from '#actors/audit/report/html/page';
import t from 'tap';
import { finding, hostileInput, inputWith, largeResult, metrics } from './sample.js';

/** The page without the style sheet and the script, which are the page's own. */
function body(page: string): string {
  return page.replace(/<style>[^]*?<\/style>/, '').replace(/<script>[^]*?<\/script>/, '');
}

const ownElements =
  /^\/?(html|head|meta|title|body|a|header|footer|main|nav|section|div|p|h1|h2|h3|dl|dt|dd|ul|ol|li|strong|code|span|br|svg|path|rect|circle|line|text|desc|figure|table|thead|tbody|tr|th|td|details|summary|form|label|input|select|option|fieldset|legend|button|caption|!doctype)\b/;

t.test('no file name becomes markup: every tag of the page is one of its own', (t) => {
  const input = hostileInput();
  const page = body(htmlReport({ ...input, baseline: baselineOf(input.result.findings.slice(0, 2)) }));
  const tags = [...page.matchAll(/<([^>\s]+)/g)].map(([, name]) => name ?? '');
  t.ok(tags.length > 200);
  t.same(
    tags.filter((name) => !ownElements.test(name)),
    [],
  );
  t.notMatch(page, /<[^>]*\son\w+=/i, 'no handler in an attribute');
  t.match(page, '&lt;script&gt;alert(1)&lt;/script&gt;.js');
  t.match(page, 'line\\nbreak\\r\\n# heading.md');
  t.notMatch(page, /[\u202e\u200b\ud800]/u);
  t.end();
});

t.test('the page fetches nothing, and its policy allows its own script and style alone', (t) => {
  const page = htmlReport(hostileInput());
  t.notMatch(body(page).replace(/&[^;]+;/g, ''), /\b(src|href)="(?!#)/, 'every link stays in the page');
  t.notMatch(page, /@import|url\(/);
  t.notMatch(page, / style="/, 'the policy would block it');
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page) ?? [];
  t.match(policy, "default-src 'none'");
  t.notMatch(policy, 'unsafe');
  for (const element of ['style', 'script']) {
    const blocks = [...page.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, 'g'))];
    t.equal(blocks.length, 1);
    const hash = createHash('sha256')
      .update(blocks[0]?.[1] ?? '')
      .digest('base64');
    t.match(policy, `${element}-src 'sha256-${hash}'`);
  }
  t.end();
});

t.test('20,000 findings show the worst 2,000 and say so, in a few megabytes', (t) => {
  const page = htmlReport(inputWith(largeResult(20_000)));
  t.ok(page.length < 3_000_000, `${page.length}`);
  const rows = page.match(/<tr role="row" data-severity="(\w+)"/g) ?? [];
  t.equal(rows.length, 2000);
  t.ok(
    rows.every((row) => row.includes('"high"')),
    'there are more than 2,000 of high severity',
  );
  t.match(page, 'The worst 2,000 of 20,000 findings');
  t.match(page, 'and 4,950 more');
  t.ok((page.match(/<circle class="bubble/g) ?? []).length <= 400);
  t.end();
});

t.test('an empty result is a whole page without sections that have nothing to say', (t) => {
  const page = htmlReport(inputWith());
  t.match(page, '<strong>No findings</strong> in 0 files.');
  for (const absent of ['id="hotspots"', 'id="rules"', 'id="skipped"', 'id="dependencies"', 'id="findings-table"']) {
    t.notMatch(body(page), absent);
  }
  t.notMatch(body(page), /undefined|NaN|Infinity/);
  t.end();
});

t.test('the chart has a bubble for each file with both numbers, none outside the drawing', (t) => {
  const files = [
    metrics('src/hot.ts', 400, 900, 3000),
    ...Array.from({ length: 30 }, (_, index) => metrics(`src/file-${index}.ts`, (index % 4) + 1, (index % 7) + 1)),
    metrics('never-changed.ts', 0, 50),
    metrics('notes.md', 90, 0),
  ];
  const page = htmlReport(inputWith({ metrics: files }));
  const bubbles = [...page.matchAll(/<circle class="bubble[^"]*" cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)">/g)];
  t.equal(bubbles.length, 31);
  for (const [, x, y] of bubbles) {
    t.ok(Number(x) >= 64 && Number(x) <= 860 && Number(y) >= 0 && Number(y) <= 404, `${x} ${y}`);
  }
  t.match(page, '<title>src/hot.ts: 400 commits, complexity 900, 3,000 lines</title>');
  t.match(page, 'class="name"');
  t.match(page, 'Commits that touched the file (log scale)');
  t.end();
});

t.test('an axis is logarithmic only where one value is far above the others, and rises on both', (t) => {
  t.equal(scaleFor([1, 2, 3, 4, 5]).kind, 'linear');
  t.equal(scaleFor([1, 2, 3, 4, 500]).kind, 'log');
  for (const values of [[1], [1, 2, 3], [1, 2, 3, 4, 500], [7, 7, 70_000]]) {
    const scale = scaleFor(values);
    const marks = scale.ticks.map(scale.at);
    t.ok((marks[0] ?? -1) >= 0);
    t.ok(
      marks.length >= 2 &&
        marks.length <= 16 &&
        marks.every((mark, index) => mark <= 1 && mark > (marks[index - 1] ?? -1)),
    );
    t.ok(Math.max(...values.map(scale.at)) <= 1);
  }
  t.end();
});

t.test('with a baseline new findings are marked and come first within their severity', (t) => {
  const findings = [finding({ path: 'a.ts' }), finding({ path: 'b.ts' })];
  const page = htmlReport(inputWith({ findings }, { baseline: baselineOf([finding({ path: 'a.ts' })]) }));
  const states = [...page.matchAll(/data-state="(\w+)"/g)].map(([, state]) => state);
  t.same(states, ['new', 'known']);
  t.match(page, 'name="fresh"');
  t.match(page, '<strong>1</strong> not in the baseline');
  t.notMatch(htmlReport(inputWith({ findings })), 'name="fresh"');
  t.end();
});
