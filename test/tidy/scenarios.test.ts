/**
 * Binds the lists of scenarios in `docs/scenarios/` to the tests: each row names a test that exists, or says why the
 * scenario does not apply; and no list has lost rows.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { faultOf, rowsOf, testNames } from './scenarios.js';
import { readSources, root } from './sources.js';

/** Rows that a list has at least: scenarios that were asked for before there was code. */
const leastRows: Readonly<Record<string, number>> = {
  'raft.md': 45,
  'swim.md': 18,
  'pbft.md': 20,
  'crdt.md': 8,
  'quorum.md': 9,
  'cluster.md': 19,
};
const folder = join(root, 'docs/scenarios');

const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.md'));
const sources = await readSources();
const tests = testNames(sources);
const paths = new Set(sources.map(({ path }) => path));

t.test('every scenario has a test that exists, or a reason why it does not apply', async (t) => {
  t.ok(tests.size > 500, `saw ${tests.size} tests`);
  for (const file of files) {
    const rows = rowsOf(await readFile(join(folder, file), 'utf8'));
    t.ok(rows.length >= (leastRows[file] ?? 1), `${file} has ${rows.length} rows`);
    const faults = rows.flatMap((row) => faultOf(row, tests, paths) ?? []);
    t.same(faults, [], file);
  }
});

t.test('every list is on the page of lists', async (t) => {
  const page = await readFile(join(root, 'docs/scenarios.md'), 'utf8');
  for (const file of files) t.match(page, `(scenarios/${file})`);
});

t.test('a row without its test, and one without a word, are reported; names may hold variables', async (t) => {
  const known = testNames([
    {
      path: 'test/a.test.ts',
      text: "t.test('it\\'s there', f); t.test(`size ${n}: holds`, f);\nawait t.test(\n  \"and here\",\n  f);",
    },
    { path: 'runtime/a.ts', text: "t.test('not a test', f);" },
  ]);
  const fault = (cell: string): string | undefined =>
    faultOf({ scenario: 's', test: cell }, known, new Set(['test/a.test.ts']));
  for (const cell of [
    "it's there",
    "`it's there`",
    '`size 3: holds`',
    '"and here"',
    '`and here`, `size 5: holds`',
    '`and here` (`test/a.test.ts`)',
    'does not apply: there are no leases',
    'not offered: leases are left out on purpose',
  ])
    t.equal(fault(cell), undefined, cell);
  t.match(fault('`size: holds`'), /no test named "size: holds"/);
  t.match(fault('`and here`, `nowhere`'), /no test named "nowhere"/);
  t.match(fault('`test/b.test.ts`'), /no test named "test\/b.test.ts"/);
  t.match(fault('later'), /no test named "later"/);
  t.match(fault(''), /names no test/);
  t.match(fault('does not apply'), /no test named/, 'a reason is more than that');
});

t.test('rows are told from the heading, and a bar in a cell is no border', async (t) => {
  const page =
    '# Raft\n\n| scenario | test |\n|---|---|\n| 1. a | `x \\| y` |\n| 2. b | z |\n\n| not | a | list |\n|---|---|---|\n| 1 | 2 | 3 |\n';
  t.same(rowsOf(page), [
    { scenario: '1. a', test: '`x | y`' },
    { scenario: '2. b', test: 'z' },
  ]);
});
