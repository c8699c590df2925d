/**
 * Binds the catalogue of errors, its documentation and the sources together: `docs/errors.md` is the catalogue, every
 * code that sources raise is in it, and none is in it that nothing raises. UPDATE_DOCS=1 rewrites the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, errorCatalogue } from '#protocols/wire/error';
import t from 'tap';
import { type Source, readSources, root } from './sources.js';

const pagePath = join(root, 'docs/errors.md');
const cataloguePath = 'protocols/wire/error.ts';
const codes = Object.keys(errorCatalogue) as readonly ErrorCode[];
const sources = await readSources();

/** The page, from the catalogue alone. */
function page(): string {
  const rows = codes.map(
    (code) => `| \`${code}\` | ${errorCatalogue[code].meaning} | ${errorCatalogue[code].remedy} |`,
  );
  return [
    '# Errors',
    '',
    'Every error of skep has a code. Codes are stable: they are the same in the `--json` output of the CLI, in replies of',
    'the spawn API and in exceptions (`error.code`), so programs may switch on them. Messages are for people and may change.',
    'This page is written from the catalogue in `protocols/wire/error.ts` (`UPDATE_DOCS=1 npm test -- tidy/errors`).',
    '',
    '| code | meaning | what to do |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The codes that a text raises: the first argument of `new SkepError(...)` where it is written out. */
function raisedCodes({ text }: Source): readonly string[] {
  return [...text.matchAll(/new SkepError\(\s*'([^']*)'/g)].map((match) => match[1] ?? '');
}

/** The codes of the catalogue that no source outside it names. Tests do not count: a code they alone name is unused. */
function unusedCodes(tree: readonly Source[]): readonly string[] {
  const production = tree.filter(({ path }) => path !== cataloguePath && !/^(test|bench|examples)\//.test(path));
  return codes.filter((code) => !production.some(({ text }) => text.includes(`'${code}'`)));
}

t.test('docs/errors.md says what the catalogue says', async (t) => {
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(pagePath, page());
  t.equal(await readFile(pagePath, 'utf8'), page(), 'UPDATE_DOCS=1 npm test -- tidy/errors');
});

t.test('every code has a meaning and a remedy that are sentences', async (t) => {
  t.ok(codes.length > 0);
  for (const code of codes) {
    t.match(code, /^[A-Z][A-Z0-9_]*$/);
    t.match(errorCatalogue[code].meaning, /^[A-Z].*\.$/, `${code}: meaning`);
    t.match(errorCatalogue[code].remedy, /^[A-Z`].*[.`]$/, `${code}: remedy`);
    t.notMatch(`${errorCatalogue[code].meaning}${errorCatalogue[code].remedy}`, /\|/, `${code}: fits a table`);
  }
});

t.test('every code that sources raise is in the catalogue', async (t) => {
  const raised = sources.flatMap(raisedCodes);
  t.ok(raised.length > 0, `saw ${raised.length} raised codes`);
  t.same(
    raised.filter((code) => !Object.hasOwn(errorCatalogue, code)),
    [],
  );
});

t.test('every code in the catalogue is raised or handled somewhere', async (t) => {
  t.same(unusedCodes(sources), []);
});

t.test('a code that only the catalogue and tests name is seen as unused', async (t) => {
  const first = codes[0] ?? '';
  const named = { text: `fail('${first}')` };
  t.ok(
    unusedCodes([
      { path: cataloguePath, ...named },
      { path: 'test/a.test.ts', ...named },
    ]).includes(first),
  );
  t.notOk(unusedCodes([{ path: 'runtime/a.ts', ...named }]).includes(first));
  t.same(raisedCodes({ path: 'runtime/a.ts', text: "throw new SkepError(\n  'NOT_A_CODE', 'x');" }), ['NOT_A_CODE']);
});
