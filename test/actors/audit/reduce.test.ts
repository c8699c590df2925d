/** The reduction: one result for one repository, however the work was cut and in whatever order it came back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { analyseFile } from '#actors/audit/code/analyse';
import { canonicalJson } from '#actors/audit/code/canonical-json';
import type { Finding } from '#actors/audit/finding';
import { readManifest } from '#actors/audit/manifests';
import { reduceAudit, reduceSkill } from '#actors/audit/reduce';
import { scanFilesSkill, type ScanOutput } from '#actors/audit/scan-files';
import { sample } from './code/sample.js';

const spdx = 'SPDX-License' + '-Identifier';
const head = `// ${spdx}: MIT\n`;
const copy = Array.from({ length: 30 }, (_, at) => `same${at} = ${at};\n`).join('');
const complex = `function f() { ${'if (a) { if (b) { if (c) {} } }\n'.repeat(4)} }\n`;

/** A repository with one finding of every kind that only the reduction can make. */
const repository: Readonly<Record<string, string>> = {
  'src/a.ts': `${head}import './b.js';\n${copy}`,
  'src/b.ts': `${head}import './a.js';\n${copy}`,
  'src/c.ts': `${head}${'eval'}(input);\n`,
  'src/d.ts': 'export const d = 1;\n',
  'src/e.ts': `// ${spdx}: GPL-3.0-only\nexport const e = 1;\n`,
  'src/hot.ts': head + complex,
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`src/m${at}.ts`, `${head}const m${at} = () => (x ? 1 : ${at});\n`]),
  ),
};

const churn = Object.keys(repository).map((path) => ({ path, commits: path === 'src/hot.ts' ? 40 : 2 }));
const lock = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0', license: 'GPL-3.0-only' } } });
const manifests = [
  { ...readManifest('package-lock.json', lock, 'MIT'), skipped: [] },
  { ...readManifest('web/package-lock.json', lock, 'MIT'), skipped: [] },
];
const old: Finding = {
  rule: 'secrets/aws-access-key',
  severity: 'high',
  path: 'src/a.ts',
  line: 1,
  column: 1,
  endLine: 1,
  message: 'm',
  commit: 'f'.repeat(40),
};

/** Scans files in memory as the skill does on disk. */
async function scan(root: string, paths: readonly string[]): Promise<ScanOutput> {
  return await scanFilesSkill.run({ root, paths, maxBytes: 1_000_000 }, { signal: new AbortController().signal });
}

interface Outputs {
  readonly scans: readonly ScanOutput[];
  readonly manifests?: readonly unknown[];
  readonly blobs?: readonly unknown[];
}

function resultsOf(outputs: Outputs): Readonly<Record<string, readonly unknown[]>> {
  const skipped = [
    { path: 'z.bin', reason: 'binary', detail: '' },
    { path: 'b.bin', reason: 'binary', detail: '' },
  ];
  return {
    inventory: [{ head: 'abc', files: 1, skipped }],
    scan: outputs.scans,
    manifests: outputs.manifests ?? manifests,
    history: [{ churn, blobShards: [] }],
    blobs: outputs.blobs ?? [{ findings: [old] }, { findings: [old] }],
  };
}

function tree(t: Tap, files: Readonly<Record<string, string>>): string {
  const src = Object.entries(files).map(([path, text]) => [path.slice('src/'.length), text]);
  return t.testdir({ src: Object.fromEntries(src) });
}
type Tap = Pick<typeof t, 'testdir'>;

t.test('the result has what the parts found and what only all of them together show', async (t) => {
  const root = tree(t, repository);
  const result = reduceAudit(resultsOf({ scans: [await scan(root, Object.keys(repository))] }));
  t.strictSame(
    result.findings.map(({ path, rule, severity }) => `${path} ${rule} ${severity}`),
    [
      'package-lock.json licences/copyleft medium',
      'src/a.ts imports/cycle low',
      'src/a.ts secrets/aws-access-key high',
      'src/a.ts duplication/clone low',
      'src/c.ts dangerous/eval high',
      'src/d.ts licence-headers/missing low',
      'src/e.ts licence-headers/conflict low',
      'src/hot.ts churn/hotspot medium',
      'web/package-lock.json licences/copyleft medium',
    ],
  );
  t.match(result, { files: 18, suppressed: 0, head: 'abc' });
  t.strictSame(
    result.skipped.map(({ path }) => path),
    ['b.bin', 'z.bin'],
  );
  t.strictSame(
    result.components.map(({ path }) => path),
    ['package-lock.json', 'web/package-lock.json'],
  );
  t.match(
    result.metrics.find(({ path }) => path === 'src/hot.ts'),
    { commits: 40, sumCognitive: 24 },
  );
  t.strictSame(
    result.metrics.map(({ path }) => path),
    Object.keys(repository).toSorted(),
  );
});

t.test('the digest is the hash of the canonical text of all the rest', async (t) => {
  const root = tree(t, repository);
  const scans = [await scan(root, ['src/c.ts'])];
  const { digest, ...rest } = await reduceSkill.run(
    { input: {}, results: resultsOf({ scans }) },
    { signal: new AbortController().signal },
  );
  t.equal(digest, `sha256:${createHash('sha256').update(canonicalJson(rest)).digest('hex')}`);
  const without = reduceAudit(resultsOf({ scans, blobs: [] }));
  t.not(without.digest, digest, 'another finding is another digest');
});

t.test('neither the cut into shards nor the order of the outputs changes the digest', async (t) => {
  const root = tree(t, repository);
  const paths = Object.keys(repository);
  const byPath = new Map<string, ScanOutput>();
  for (const path of paths) byPath.set(path, await scan(root, [path]));
  const { digest } = reduceAudit(resultsOf({ scans: [await scan(root, paths)] }));
  const shuffled = fc.shuffledSubarray(paths, { minLength: paths.length });
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 18, maxLength: 18 });
  fc.assert(
    fc.property(shuffled, cuts, fc.boolean(), (order, sizes, backwards) => {
      const scans: ScanOutput[] = [];
      for (let start = 0, at = 0; start < order.length; at++) {
        const end = start + (sizes[at] ?? 1);
        scans.push(merged(order.slice(start, end).flatMap((path) => byPath.get(path) ?? [])));
        start = end;
      }
      const turned = <Value>(list: readonly Value[]): readonly Value[] => (backwards ? list.toReversed() : list);
      const blobs = turned([{ findings: [old] }, { findings: [{ ...old, commit: old.commit ?? '' }] }]);
      const crossed: readonly ScanOutput[] = JSON.parse(reversedKeys(scans));
      assert.equal(reduceAudit(resultsOf({ scans: crossed, manifests: turned(manifests), blobs })).digest, digest);
    }),
    { numRuns: 60 },
  );
});

/** One shard of several files is the lists of each, one behind the other. */
function merged(outputs: readonly ScanOutput[]): ScanOutput {
  return {
    findings: outputs.flatMap(({ findings }) => findings),
    skipped: outputs.flatMap(({ skipped }) => skipped),
    metrics: outputs.flatMap(({ metrics }) => metrics),
    imports: outputs.flatMap(({ imports }) => imports),
    licences: outputs.flatMap(({ licences }) => licences),
    fingerprints: outputs.flatMap(({ fingerprints }) => fingerprints),
    suppressions: outputs.flatMap(({ suppressions }) => suppressions),
    suppressed: outputs.reduce((sum, { suppressed }) => sum + suppressed, 0),
    files: outputs.reduce((sum, { files }) => sum + files, 0),
  };
}

/** JSON with the keys of each object in the other order, as another decoder may give them. */
function reversedKeys(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toReversed())
      : field,
  );
}

t.test('findings on several files together obey the suppressions of the file they stand in', async (t) => {
  const quiet = `// ${'skep-ignore'}-file imports, duplication -- a sample\n`;
  const files = { ...repository, 'src/a.ts': `${quiet}${repository['src/a.ts']}` };
  const analyses = await Promise.all(Object.entries(files).map(([path, text]) => analyseFile(sample(path, text))));
  t.equal(analyses.filter(({ suppressions }) => suppressions !== undefined).length, 1);
  const root = tree(t, files);
  const result = reduceAudit(resultsOf({ scans: [await scan(root, Object.keys(files))] }));
  t.strictSame(
    result.findings.filter(({ rule }) => /^(?:imports|duplication)/.test(rule)),
    [],
  );
  t.equal(result.suppressed, 2);
  t.ok(
    result.findings.some(({ commit }) => commit !== undefined),
    'a finding of history stays',
  );
});

t.test('an empty repository has a result', async (t) => {
  t.match(reduceAudit({}), { findings: [], metrics: [], files: 0, head: '', digest: /^sha256:[0-9a-f]{64}$/ });
});

t.test('an output that is no list is refused with the name of its stage', async (t) => {
  const results = JSON.parse('{"scan": {}}') as Record<string, readonly unknown[]>;
  t.throws(() => reduceAudit(results), { code: 'BAD_MESSAGE', facts: { stage: 'scan' }, message: /results\.scan/ });
});
