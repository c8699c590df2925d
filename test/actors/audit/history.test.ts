/** What a repository once held is found once, for the commit that brought it in. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { churn, historyBlobs, introducingCommits } from '#actors/audit/git-history';
import { historySkill, type ScanBlobsOutput, scanBlobsSkill } from '#actors/audit/history';
import { SampleRepository, sampleToken } from './sample-repository.js';

const context = { signal: new AbortController().signal };
const limits = { exclude: [], maxBytes: 1_000_000 };

async function scanHistory(root: string): Promise<ScanBlobsOutput> {
  const { blobShards } = await historySkill.run({ root, ...limits }, context);
  const outputs = await Promise.all(blobShards.map(async (shard) => scanBlobsSkill.run(shard, context)));
  return { findings: outputs.flatMap(({ findings }) => findings) };
}

t.test('a secret that was committed and deleted is reported once, for the oldest commit that has it', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('README.md', 'x');
  sample.commit('begin');
  sample.write('deploy.ts', `// first\nconst token = '${sampleToken(1)}';\n`);
  const guilty = sample.commit('add the token');
  for (let index = 0; index < 5; index++) {
    sample.write('deploy.ts', `// version ${index}\n\nconst token = '${sampleToken(1)}';\n`);
    sample.commit(`edit ${index}`);
  }
  sample.write('deploy.ts', 'const token = process.env.TOKEN;\n');
  sample.commit('remove it');

  const { findings } = await scanHistory(sample.root);
  t.equal(findings.length, 1);
  t.match(findings[0], { rule: 'secrets/github-token', severity: 'high', path: 'deploy.ts', line: 2, commit: guilty });
  t.match(findings[0]?.message, /Only in history/);
  t.notOk(JSON.stringify(findings).includes(sampleToken(1).slice(4, 16)));
});

t.test('a secret that the tree still has is left to the tree, however many versions held it', async (t) => {
  const sample = new SampleRepository(t.testdir());
  for (let index = 0; index < 4; index++) {
    sample.write('a.ts', `// ${index}\nconst token = '${sampleToken(2)}';\n`);
    sample.commit(`edit ${index}`);
  }
  t.same((await scanHistory(sample.root)).findings, []);
});

t.test('a deleted file, another branch, a stash and a tag all keep their secrets', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('gone.env', `TOKEN=${sampleToken(3)}\n`);
  sample.write('kept.txt', 'x');
  const first = sample.commit('one');
  sample.git('rm', '-q', 'gone.env');
  sample.commit('two');
  sample.git('checkout', '-q', '-b', 'side');
  sample.write('side.env', `TOKEN=${sampleToken(4)}\n`);
  const side = sample.commit('side');
  sample.git('checkout', '-q', 'main');
  sample.write('kept.txt', `TOKEN=${sampleToken(5)}\n`);
  sample.git('stash', '-q');
  const stash = sample.git('rev-parse', 'stash');
  const { findings } = await scanHistory(sample.root);
  t.same(
    findings.map(({ path, commit }) => [path, commit]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    [
      ['gone.env', first],
      ['kept.txt', stash],
      ['side.env', side],
    ],
  );
});

t.test('a secret that only a merge brought in is found in the merge', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'base\n');
  sample.commit('base');
  sample.git('checkout', '-q', '-b', 'side');
  sample.write('b.txt', 'side\n');
  sample.commit('side');
  sample.git('checkout', '-q', 'main');
  sample.write('c.txt', 'main\n');
  sample.commit('main');
  sample.git('merge', '-q', '--no-ff', '--no-commit', 'side');
  sample.write('a.txt', `TOKEN=${sampleToken(6)}\n`);
  const merge = sample.commit('merge');
  sample.write('a.txt', 'clean\n');
  sample.commit('clean');
  t.same(
    (await scanHistory(sample.root)).findings.map(({ commit }) => commit),
    [merge],
  );
});

t.test('churn counts commits without merges, and a rename begins a new path', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('old.ts', 'line\n'.repeat(50));
  sample.write('new\nline.ts', 'x');
  sample.commit('one');
  sample.write('old.ts', 'line\n'.repeat(51));
  sample.commit('two');
  sample.git('mv', 'old.ts', 'new.ts');
  const head = sample.commit('three');
  t.same(await churn(sample.root, head), [
    { path: 'new\nline.ts', commits: 1 },
    { path: 'new.ts', commits: 1 },
    { path: 'old.ts', commits: 3 },
  ]);
  const output = await historySkill.run({ root: sample.root, ...limits, exclude: ['new.ts'] }, context);
  t.same(output.churn, [{ path: 'new\nline.ts', commits: 1 }], 'the skill keeps to the files of the tree');
});

t.test('a renamed file is no history; its older contents are, under their old path', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('old.ts', 'one\n');
  sample.commit('one');
  sample.write('old.ts', 'two\n');
  sample.commit('two');
  sample.git('mv', 'old.ts', 'new.ts');
  const head = sample.commit('three');
  t.same(
    (await historyBlobs(sample.root, head)).map(({ path, bytes }) => [path, bytes]),
    [['old.ts', 4]],
  );
});

t.test('contents above the limit are counted and not searched', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'x'.repeat(5000));
  sample.write('b.bin', Uint8Array.from([0, 1, 2, 3]));
  sample.commit('one');
  sample.git('rm', '-q', 'a.txt', 'b.bin');
  sample.commit('two');
  const output = await historySkill.run({ root: sample.root, exclude: [], maxBytes: 4000 }, context);
  t.equal(output.skippedBlobs, 1);
  t.same(
    output.blobShards.map(({ blobs }) => blobs.length),
    [1],
  );
  t.same((await scanHistory(sample.root)).findings, []);
});

t.test('a repository without commits and a shallow clone have the history that they have', async (t) => {
  const empty = new SampleRepository(t.testdir());
  t.same(await historySkill.run({ root: empty.root, ...limits }, context), {
    churn: [],
    blobShards: [],
    skippedBlobs: 0,
  });
  t.same(await introducingCommits(empty.root, ['0'.repeat(40)]), new Map());

  empty.write('a.txt', `TOKEN=${sampleToken(7)}\n`);
  empty.commit('one');
  empty.write('a.txt', 'clean\n');
  empty.commit('two');
  empty.git('clone', '-q', '--depth', '1', `file://${empty.root}`, 'clone');
  const clone = realpathSync(join(empty.root, 'clone'));
  const output = await historySkill.run({ root: clone, ...limits }, context);
  t.same(output, { churn: [{ path: 'a.txt', commits: 1 }], blobShards: [], skippedBlobs: 0 });
});

t.test('an object id that is none is refused before git sees it', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const blobs = [{ oid: 'HEAD:a.txt\n--help', path: 'a.txt', bytes: 1 }];
  await t.rejects(async () => scanBlobsSkill.run({ root: sample.root, blobs, maxBytes: 10 }, context), {
    code: 'BAD_MESSAGE',
    message: /^oid/,
  });
});

t.test('a second agent derives the claims again from less, and a lie does not come out of it', async (t) => {
  const sample = new SampleRepository(t.testdir());
  for (let index = 0; index < 6; index++) sample.write(`file-${index}.ts`, `export const n = ${index};\n`);
  sample.write('one.ts', `const token = '${sampleToken(8)}';\nconst other = '${sampleToken(9)}';\n`);
  sample.commit('one');
  sample.write('one.ts', `// moved\nconst token = '${sampleToken(8)}';\nconst other = '${sampleToken(9)}';\n`);
  sample.commit('two');
  sample.git('rm', '-q', '-r', '.');
  sample.commit('nothing');

  const [shard] = (await historySkill.run({ root: sample.root, ...limits }, context)).blobShards;
  if (shard === undefined) throw new Error('no shard');
  const { claims = () => [], narrow = () => shard, falsify = (output: ScanBlobsOutput) => output } = scanBlobsSkill;
  const honest = await scanBlobsSkill.run(shard, context);
  t.equal(claims(honest).length, 2);
  const narrowed = narrow(shard, honest);
  t.equal(shard.blobs.length, 8);
  t.equal(narrowed.blobs.length, 1);
  t.same(claims(await scanBlobsSkill.run(narrowed, context)), claims(honest));

  const moved = falsify(honest);
  t.notSame(claims(await scanBlobsSkill.run(narrow(shard, moved), context)), claims(moved));
  const made = falsify({ findings: [] });
  t.equal(claims(made).length, 1);
  t.notSame(claims(await scanBlobsSkill.run(narrow(shard, made), context)), claims(made));
});
