/** Reports are written whole or not at all, and a folder that cannot be written is named with the reason. */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { baselineOf } from '#actors/audit/report/baseline';
import { summarize } from '#actors/audit/report/summary';
import { writeReports } from '#actors/audit/report/write';
import t from 'tap';
import { account, component, finding, hostileInput, inputWith } from './sample.js';

const names = ['findings.json', 'report.sarif', 'sbom.cdx.json', 'report.md', 'report.html', 'summary.json'];

t.test('six files are written into a folder that was not there, and nothing else stays', async (t) => {
  const outDir = join(t.testdir(), 'deep', 'out');
  const input = hostileInput();
  t.same(
    (await writeReports(outDir, input)).map((path) => basename(path)),
    names,
  );
  t.same(readdirSync(outDir).sort(), names.toSorted());
  t.same(
    JSON.parse(await readFile(join(outDir, 'summary.json'), 'utf8')),
    JSON.parse(JSON.stringify(summarize(input))),
  );
  t.equal(
    JSON.parse(await readFile(join(outDir, 'findings.json'), 'utf8')).findings.length,
    input.result.findings.length,
  );
});

t.test('a second audit replaces the first one; equal audits give equal bytes', async (t) => {
  const outDir = t.testdir();
  const read = () => Promise.all(names.map((name) => readFile(join(outDir, name), 'utf8')));
  await writeReports(outDir, inputWith({ findings: [finding()] }));
  const first = await read();
  await writeReports(outDir, inputWith());
  t.notSame(await read(), first);
  await writeReports(outDir, inputWith({ findings: [finding()] }));
  t.same(await read(), first);
});

t.test('no file of a report holds the path of the folder it was written to', async (t) => {
  const outDir = t.testdir();
  for (const path of await writeReports(outDir, hostileInput())) {
    t.notOk((await readFile(path, 'utf8')).includes(outDir), path);
  }
});

t.test('a file where the folder is due, or above it, is OUTPUT_UNWRITABLE with the path and the reason', async (t) => {
  const folder = t.testdir({ taken: 'mine' });
  for (const outDir of [join(folder, 'taken'), join(folder, 'taken', 'out')]) {
    await t.rejects(writeReports(outDir, inputWith()), {
      code: 'OUTPUT_UNWRITABLE',
      facts: { path: outDir, reason: 'a file is where a folder is due' },
    });
  }
  t.equal(await readFile(join(folder, 'taken'), 'utf8'), 'mine');
});

t.test('a folder where a file is due is OUTPUT_UNWRITABLE, and no temporary file stays', async (t) => {
  const outDir = t.testdir({ 'report.md': {} });
  await t.rejects(writeReports(outDir, inputWith()), {
    code: 'OUTPUT_UNWRITABLE',
    facts: { path: join(outDir, 'report.md'), reason: 'a folder is where a file is due' },
  });
  t.same(
    readdirSync(outDir).filter((name) => name.endsWith('.tmp')),
    [],
  );
  t.notOk(existsSync(join(outDir, 'summary.json')), 'whoever waits for the summary does not take it for a report');
});

t.test('the summary counts by severity, rule and baseline, and distinct components', (t) => {
  const findings = [finding(), finding({ line: 9 }), finding({ rule: 'debt/todo', severity: 'low', path: 'b.ts' })];
  const components = [component(), component({ path: 'web/package-lock.json' })];
  const skipped = [{ path: 'a.png', reason: 'binary', detail: '' }] as const;
  const baseline = baselineOf([finding(), finding({ path: 'gone.ts' })]);
  const input = inputWith({ findings, components, skipped, suppressed: 2, files: 5 }, { baseline });
  t.match(summarize(input), {
    files: 5,
    skipped: 1,
    suppressed: 2,
    counts: { bySeverity: { high: 2, medium: 0, low: 1 }, byRule: { 'debt/todo': 1, 'secrets/aws-access-key': 2 } },
    baseline: { fresh: 2, known: 1, stale: 1 },
    tasks: account.tasks,
    components: 1,
    outvoted: account.outvoted,
  });
  t.notOk(Object.hasOwn(summarize(inputWith()), 'baseline'));
  t.end();
});
