/** A baseline accepts findings once: they stay known when lines move, and a file that is none is refused by field. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baselineOf, readBaseline, splitByBaseline, writeBaseline } from '#actors/audit/report/baseline';
import t from 'tap';
import { finding } from './sample.js';

const accepted = [finding({ line: 3 }), finding({ line: 9 }), finding({ path: 'src/old.ts' })];

t.test('a baseline survives moved lines, finds the fresh finding and counts the stale entry', async (t) => {
  const path = join(t.testdir(), 'baseline.json');
  await writeBaseline(path, accepted);
  const moved = [finding({ line: 33 }), finding({ line: 50 }), finding({ rule: 'debt/todo', line: 51 })];
  const { fresh, known, stale } = splitByBaseline(moved, await readBaseline(path));
  t.same(fresh, [moved[2]]);
  t.same(known, [moved[0], moved[1]]);
  t.equal(stale, 1);
});

t.test('one more of a kind in a file is one fresh finding', (t) => {
  const more = [finding({ line: 3 }), finding({ line: 5 }), finding({ line: 9 }), finding({ path: 'src/old.ts' })];
  const { fresh, known, stale } = splitByBaseline(more, baselineOf(accepted));
  t.same([fresh.length, known.length, stale], [1, 3, 0]);
  t.end();
});

t.test('the file is the same for the same findings, an entry a line, and without their text', async (t) => {
  const folder = t.testdir();
  await writeBaseline(join(folder, 'one.json'), accepted);
  await writeBaseline(join(folder, 'two.json'), accepted);
  const text = await readFile(join(folder, 'one.json'), 'utf8');
  t.equal(text, await readFile(join(folder, 'two.json'), 'utf8'));
  t.equal(text.match(/"fingerprint"/g)?.length, 3);
  t.notMatch(text, 'AWS access key is in');
  await writeBaseline(join(folder, 'none.json'), []);
  t.same((await readBaseline(join(folder, 'none.json'))).findings, []);
});

const entry = { fingerprint: 'a'.repeat(32), rule: 'r', path: 'p' };
const broken: readonly (readonly [fault: string, text: string, field: string])[] = [
  ['text that is not JSON', '{"format":', 'the document'],
  ['a list', '[]', 'the document'],
  ['another format', JSON.stringify({ format: 'eslint', version: 1, findings: [] }), 'format'],
  ['a later version', JSON.stringify({ format: 'skep-baseline', version: 2, findings: [] }), 'version'],
  [
    'a fingerprint cut short',
    JSON.stringify({ format: 'skep-baseline', version: 1, findings: [entry, { ...entry, fingerprint: 'abc' }] }),
    'findings[1].fingerprint',
  ],
];
for (const [fault, text, field] of broken) {
  t.test(`${fault} is refused with BAD_BASELINE, naming ${field}`, async (t) => {
    const path = join(t.testdir({ 'baseline.json': text }), 'baseline.json');
    await t.rejects(readBaseline(path), { code: 'BAD_BASELINE', facts: { path, field }, message: field });
  });
}

t.test('a baseline that is not there is PATH_UNREADABLE, one that cannot be written OUTPUT_UNWRITABLE', async (t) => {
  const folder = t.testdir({ file: '' });
  await t.rejects(readBaseline(join(folder, 'missing.json')), { code: 'PATH_UNREADABLE' });
  await t.rejects(writeBaseline(join(folder, 'file', 'b.json'), []), { code: 'OUTPUT_UNWRITABLE' });
});
