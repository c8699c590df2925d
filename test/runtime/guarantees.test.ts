/** Keeps docs/guarantees.md honest: each promise names a test that exists. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The names of tests in the sources, with what a table of cases fills in. */
async function testNames(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const entries = await readdir(join(root, 'test'), { recursive: true });
  for (const entry of entries.filter((path) => /^(runtime|cluster|protocols)\b/.test(path))) {
    if (!entry.endsWith('.test.ts')) continue;
    const text = await readFile(join(root, 'test', entry), 'utf8');
    for (const [, name = ''] of text.matchAll(/t\.test\(\s*'([^']+)'/g)) names.add(name);
    for (const [, name = ''] of text.matchAll(/t\.test\(\s*`([^`]+)`/g)) names.add(name);
  }
  return names;
}

/** Whether a name is one of the tests' names; a placeholder in a test's name stands for any text. */
function isTest(name: string, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true;
  return [...names].some((pattern) => {
    const parts = pattern.split(/\$\{[^}]*\}/);
    const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return parts.length > 1 && new RegExp(`^${escaped.join('.+')}$`).test(name);
  });
}

t.test('every promise of the page names a test that there is', async (t) => {
  const names = await testNames();
  const page = await readFile(join(root, 'docs/guarantees.md'), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---') && !line.startsWith('| promise'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  t.ok(rows.length > 30, `${rows.length} promises`);
  for (const [, promise = '', test = ''] of rows) {
    t.match(promise, /^\S.*\.$/, 'a sentence');
    t.ok(isTest(test, names), `${promise}: ${test}`);
  }
});

t.test('a name that no test has is noticed', async (t) => {
  const names = await testNames();
  t.notOk(isTest('pigs fly, in order', names));
  t.notOk(isTest('', names));
});
