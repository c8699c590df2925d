/** The skill that analyses a shard: all analysers on each file, and what happens when one of them or the task ends. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { canonicalJson } from '#actors/audit/code/canonical-json';
import { scanFilesSkill, type ScanOutput } from '#actors/audit/scan-files';

const ev = 'eval';
const maxBytes = 1_000_000;
const context = { signal: new AbortController().signal };

const files = {
  'bad.ts': `import './good';\nexport const f = (x: string) => ${ev}(x);\n// TO${'DO'} later\n`,
  'good.ts': 'export const g = (a: number) => (a > 1 ? a : 1);\n',
  'other.py': 'import pickle\npickle.loads(x)\n',
  'quiet.ts': `// ${'skep-ignore'}-next-line dangerous -- the input is ours\n${ev}(x);\n`,
  'empty.ts': '',
};

t.test('each file is analysed by all analysers, in the order asked for', async (t) => {
  const root = t.testdir(files);
  const paths = ['quiet.ts', 'bad.ts', 'good.ts', 'other.py', 'empty.ts', 'missing.ts'];
  const output = await scanFilesSkill.run({ root, paths, maxBytes }, context);
  t.strictSame(
    output.findings.map(({ path, rule, line }) => `${path} ${rule} ${line}`),
    ['bad.ts debt/todo 3', 'bad.ts dangerous/eval 2', 'other.py dangerous/deserialisation 2'],
  );
  t.strictSame([output.files, output.suppressed], [5, 1]);
  t.match(output.skipped, [{ path: 'missing.ts', reason: 'unreadable' }]);
  t.strictSame(output.imports, [{ path: 'bad.ts', to: ['./good'] }]);
  t.match(output.metrics, [
    { path: 'quiet.ts', lines: 2, language: 'typescript' },
    { path: 'bad.ts', lines: 3, maxCognitive: 0 },
    { path: 'good.ts', lines: 1, maxCognitive: 1, sumCognitive: 1, bytes: 49 },
    { path: 'other.py', language: 'python', lines: 2 },
    { path: 'empty.ts', lines: 0, bytes: 0 },
  ]);
});

t.test('two runs give the same, and the output is plain data', async (t) => {
  const root = t.testdir(files);
  const input = { root, paths: Object.keys(files), maxBytes };
  const [one, two] = [await scanFilesSkill.run(input, context), await scanFilesSkill.run(input, context)];
  t.equal(canonicalJson(one), canonicalJson(two));
  t.strictSame(JSON.parse(JSON.stringify(one)), one, 'nothing is lost on the wire');
});

t.test('a file that could crash the parser, and one beside it, cost no other file', async (t) => {
  const root = t.testdir({ ...files, 'bomb.js': '('.repeat(200_000), 'sum.js': `x = ${'a + '.repeat(1900)}a;` });
  const output = await scanFilesSkill.run({ root, paths: ['bomb.js', 'sum.js', 'bad.ts'], maxBytes }, context);
  t.equal(output.files, 3);
  t.match(
    output.findings.filter(({ path }) => path === 'bomb.js'),
    [{ rule: 'syntax/not-parsed' }],
  );
  t.ok(output.findings.some(({ path, rule }) => path === 'bad.ts' && rule === 'dangerous/eval'));
  for (const { path, rule } of output.findings.filter(({ path }) => path === 'sum.js')) {
    t.equal(rule, 'internal/analyser-failed', `${path}: a tree too deep for one analyser is said`);
  }
});

t.test('a cancelled task ends between two files, and the event loop turns in between', async (t) => {
  const root = t.testdir();
  const paths = Array.from({ length: 50 }, (_, at) => `f${at}.ts`);
  for (const path of paths) await writeFile(join(root, path), 'export const a = 1;\n');
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Error('cancelled')));
  const run = async (): Promise<ScanOutput> => scanFilesSkill.run({ root, paths, maxBytes }, controller);
  await t.rejects(run, { message: 'cancelled' });
});

t.test('claims are the high findings; the narrowed input derives exactly them again', async (t) => {
  const root = t.testdir(files);
  const input = { root, paths: Object.keys(files), maxBytes };
  const output = await scanFilesSkill.run(input, context);
  const claims = scanFilesSkill.claims?.(output) ?? [];
  t.strictSame(
    claims.map(({ key }) => JSON.parse(key).rule),
    ['dangerous/eval'],
  );
  const narrowed = scanFilesSkill.narrow?.(input, output);
  t.strictSame(narrowed, { ...input, paths: ['bad.ts'] });
  const again = await scanFilesSkill.run(narrowed ?? input, context);
  t.strictSame(scanFilesSkill.claims?.(again), claims);
});

t.test('a lie changes the claims, whether or not there is something to hide', async (t) => {
  const root = t.testdir(files);
  const keys = (output: ScanOutput): readonly string[] => (scanFilesSkill.claims?.(output) ?? []).map(({ key }) => key);
  for (const paths of [['bad.ts'], ['good.ts'], []]) {
    const honest = await scanFilesSkill.run({ root, paths, maxBytes }, context);
    const lie = scanFilesSkill.falsify?.(honest) ?? honest;
    t.ok(
      keys(lie).some((key) => !keys(honest).includes(key)),
      `${paths.join()}: something is invented`,
    );
    t.notOk(
      keys(honest).some((key) => keys(lie).includes(key)),
      `${paths.join()}: what was grave is hidden`,
    );
  }
});
