/** Real repositories with everything that git allows in them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { churn, historyBlobs } from '#actors/audit/git-history';
import { findRepository, listFiles } from '#actors/audit/repository';
import { SampleRepository } from './sample-repository.js';

t.test('a folder that is no repository, a missing path and a file are refused with their codes', async (t) => {
  const root = t.testdir({ folder: {}, 'file.txt': 'x' });
  await t.rejects(findRepository('/'), { code: 'NOT_A_REPOSITORY' });
  await t.rejects(findRepository(join(root, 'gone')), { code: 'PATH_UNREADABLE', message: /does not exist/ });
  await t.rejects(findRepository(join(root, 'file.txt')), { code: 'PATH_UNREADABLE', message: /is a file/ });
});

t.test('a repository without commits has a root, no head, and its untracked files', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'x');
  const { root, head } = await findRepository(sample.root);
  t.equal(root, sample.root);
  t.equal(head, '');
  t.same((await listFiles(root)).files, ['a.txt']);
});

t.test('a folder within stands for its repository; a bare repository and the inside of .git do not', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('deep/er/a.txt', 'x');
  const head = sample.commit('one');
  t.same(await findRepository(join(sample.root, 'deep/er')), { root: sample.root, head });
  await t.rejects(findRepository(join(sample.root, '.git')), { code: 'NOT_A_REPOSITORY' });
  execFileSync('git', ['init', '-q', '--bare', join(sample.root, 'bare.git')]);
  await t.rejects(findRepository(join(sample.root, 'bare.git')), { code: 'NOT_A_REPOSITORY' });
});

t.test(
  'names with newlines, quotes, dashes and other scripts come back as they are, sorted by code unit',
  async (t) => {
    const sample = new SampleRepository(t.testdir());
    const names = [
      '-rf',
      '"quoted".ts',
      'a b.ts',
      'new\nline.ts',
      'tab\there.ts',
      '\u00e4\u00f6\u00fc.ts',
      '\u65e5\u672c.ts',
      'Z.ts',
      'z.ts',
      '\\back.ts',
      '*.ts',
    ];
    for (const name of names) sample.write(name, name);
    sample.git('add', '-A', '--', ':!z.ts');
    const { files, skipped } = await listFiles(sample.root);
    t.same(files, [...names].sort());
    t.same(skipped, []);
  },
);

t.test('a name that is not UTF-8 is skipped and does not hide the others', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('good.ts', 'x');
  const bad = Buffer.concat([Buffer.from(`${sample.root}/bad-`), Buffer.from([0xff, 0xfe])]);
  writeFileSync(bad, 'x');
  const { files, skipped } = await listFiles(sample.root);
  t.same(files, ['good.ts']);
  t.same(
    skipped.map(({ reason }) => reason),
    ['unreadable'],
  );
});

t.test('ignored files are left out, links, submodules and nested repositories are skipped', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const other = join(sample.root, '../other');
  mkdirSync(other, { recursive: true });
  t.teardown(() => execFileSync('rm', ['-rf', other]));
  const library = new SampleRepository(other);
  library.write('lib.ts', 'x');
  library.commit('library');
  sample.write('.gitignore', 'build/\n');
  sample.write('build/out.js', 'x');
  sample.write('src/a.ts', 'x');
  symlinkSync('src', join(sample.root, 'link'));
  sample.git('submodule', '--quiet', 'add', library.root, 'vendor/library');
  sample.commit('all');
  const nested = join(sample.root, 'nested');
  mkdirSync(nested);
  new SampleRepository(nested).write('inner.ts', 'x');
  new SampleRepository(nested, 'existing').commit('inner');
  const { files, skipped } = await listFiles(sample.root);
  t.same(files, ['.gitignore', '.gitmodules', 'src/a.ts']);
  t.same(
    skipped.map(({ path, reason }) => [path, reason]),
    [
      ['link', 'symlink'],
      ['nested', 'submodule'],
      ['vendor/library', 'submodule'],
    ],
  );
});

t.test('a conflict lists its file once', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'base\n');
  sample.commit('base');
  sample.git('checkout', '-q', '-b', 'side');
  sample.write('a.txt', 'side\n');
  sample.commit('side');
  sample.git('checkout', '-q', 'main');
  sample.write('a.txt', 'main\n');
  sample.commit('main');
  t.throws(() => sample.git('merge', 'side'));
  t.same((await listFiles(sample.root)).files, ['a.txt']);
});

t.test('the configuration of the audited repository starts no program', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const mark = join(sample.root, 'ran');
  const program = join(sample.root, '.git/program');
  writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
  sample.write('a.txt', 'x');
  sample.commit('one');
  for (const key of [
    'core.fsmonitor',
    'diff.external',
    'core.pager',
    'core.sshCommand',
    'filter.x.clean',
    'diff.x.textconv',
  ]) {
    sample.git('config', key, program);
  }
  sample.git('status');
  t.ok(existsSync(mark), 'which plain git would start');
  unlinkSync(mark);
  sample.git('config', 'core.worktree', '/');
  await t.rejects(findRepository(sample.root), { code: 'NOT_A_REPOSITORY' }, 'nor does it choose what is audited');
  sample.git('config', '--unset', 'core.worktree');
  sample.write('.gitattributes', '* filter=x diff=x\n');
  sample.write('a.txt', 'changed');
  const { root, head } = await findRepository(sample.root);
  t.same((await listFiles(root)).files, ['.gitattributes', 'a.txt']);
  t.same(await churn(root, head), [{ path: 'a.txt', commits: 1 }]);
  t.same(await historyBlobs(root, head), []);
  t.notOk(existsSync(mark));
});

t.test('the variables of an outer git hook do not lead to another repository', async (t) => {
  const sample = new SampleRepository(t.testdir());
  process.env['GIT_DIR'] = '/nowhere';
  t.teardown(() => delete process.env['GIT_DIR']);
  t.equal((await findRepository(sample.root)).root, sample.root);
});

t.test('an aborted signal ends the listing with its reason', async (t) => {
  const sample = new SampleRepository(t.testdir());
  const reason = new Error('the task was cancelled');
  await t.rejects(listFiles(sample.root, { signal: AbortSignal.abort(reason) }), reason);
});

t.test('a worktree of a repository is audited as its own tree', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'x');
  const head = sample.commit('one');
  sample.git('worktree', 'add', '-q', 'tree', '-b', 'side');
  const root = join(sample.root, 'tree');
  t.same(await findRepository(root), { root, head });
  unlinkSync(join(root, 'a.txt'));
  t.same((await listFiles(root)).files, ['a.txt'], 'a deleted file is still tracked; the inventory drops it');
});
