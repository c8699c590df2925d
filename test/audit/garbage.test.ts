/**
 * Bad input to `skep audit`: each case ends in a clear error with its exit code, or in a correct result; never in a
 * stack trace, and never with a process left behind.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { failureOf, filesBelow, processesWith, startAudit } from '../support/audit.js';
import { eventually } from '../support/eventually.js';
import { commitFiles, git, makeRepository } from '../support/repository.js';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function skep(
  args: readonly string[],
  options: { readonly cwd: string; readonly through?: readonly string[]; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn('env', [...(options.through ?? []), process.execPath, program, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (data: Buffer) => {
      text.stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      text.stderr += data.toString();
    });
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

const stackLine = /\n\s+at .+:\d+:\d+/;

t.test('what is no readable repository is named, with what to do, and exit code 66', async (t) => {
  // Not in the test's own folder: git would find this project's repository above it.
  const home = mkdtempSync(join(tmpdir(), 'skep-test-'));
  t.teardown(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, 'plain'));
  writeFileSync(join(home, 'plain', 'a.txt'), 'x');
  const cases = [
    { name: 'a folder that git does not know', path: join(home, 'plain'), code: 'NOT_A_REPOSITORY' },
    { name: 'a path that does not exist', path: join(home, 'nowhere'), code: 'PATH_UNREADABLE' },
    { name: 'a file where a folder is due', path: join(home, 'plain', 'a.txt'), code: 'PATH_UNREADABLE' },
  ];
  for (const { name, path, code } of cases) {
    const ended = await skep(['audit', path, '--out', join(home, 'out')], { cwd: home });
    t.equal(ended.code, 66, name);
    t.match(ended.stderr, code, name);
    t.notMatch(ended.stderr, stackLine, `${name}: no stack trace`);
  }
  const traced = await skep(['audit', join(home, 'nowhere'), '--debug'], { cwd: home });
  t.match(traced.stderr, stackLine, 'with --debug there is one');
});

t.test('a repository without permission is named', async (t) => {
  const home = t.testdir({ locked: {} });
  const locked = join(home, 'locked');
  git(locked, ['init', '-q']);
  chmodSync(locked, 0o000);
  // Root may read anything, so as root the command runs without the capabilities that let it.
  const plain = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'];
  const through = process.getuid?.() === 0 ? plain : [];
  const ended = await skep(['audit', locked, '--out', '/proc/none'], { cwd: '/', through });
  chmodSync(locked, 0o700);
  t.equal(ended.code, 66, ended.stderr);
  t.match(ended.stderr, 'PATH_UNREADABLE');
  t.notMatch(ended.stderr, stackLine);
});

t.test('an output folder that is a file, or cannot be written, is exit code 73 before any work', async (t) => {
  const home = t.testdir({ repo: {}, file: 'x' });
  makeRepository(join(home, 'repo'), { files: 3, functions: 1, commits: 1, seed: 1 });
  for (const out of [join(home, 'file'), '/proc/none/report']) {
    const ended = await skep(['audit', join(home, 'repo'), '--out', out], { cwd: home });
    t.equal(ended.code, 73, ended.stderr);
    t.match(ended.stderr, 'OUTPUT_UNWRITABLE');
    t.notMatch(ended.stderr, stackLine);
  }
});

t.test('wrong command lines and configuration: 64 and 78, each naming what is wrong', async (t) => {
  const home = t.testdir({ 'skep.yaml': 'audit:\n  shardFiles: many\n' });
  const cases = [
    { args: ['audit', '.', '--nodse', '3'], code: 64, says: '--nodes' },
    { args: ['audit', '.', '--nodes', 'three'], code: 64, says: 'whole number' },
    { args: ['adit'], code: 64, says: 'audit' },
    { args: ['audit', '.'], code: 78, says: 'audit.shardFiles' },
    { args: ['audit', '.', '--executors', '0'], code: 78, says: 'node.executors' },
    { args: ['audit', '.', '--fail-on', 'severe'], code: 78, says: 'high' },
  ];
  for (const { args, code, says } of cases) {
    const ended = await skep(args, { cwd: home });
    t.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`);
    t.match(ended.stderr, says);
    t.notMatch(ended.stderr, stackLine);
  }
});

t.test('an empty repository gives an empty, correct result', async (t) => {
  const home = t.testdir({ repo: {} });
  git(join(home, 'repo'), ['init', '-q']);
  const run = await startAudit(join(home, 'repo'), join(home, 'out'), []).done;
  t.equal(run.code, 0, failureOf(run));
  t.equal(run.summary['files'], 0);
  t.equal(run.summary['head'], '');
});

t.test('files that are no text are skipped with the reason, and the rest is audited', async (t) => {
  const home = t.testdir({ repo: {} });
  const repo = join(home, 'repo');
  git(repo, ['init', '-q']);
  commitFiles(repo, { 'good.ts': 'export const run = (input: string) => eval(input);\n' }, 'good');
  writeFileSync(join(repo, 'huge.txt'), 'start');
  truncateSync(join(repo, 'huge.txt'), 200 * 1_048_576);
  writeFileSync(join(repo, 'latin.txt'), Buffer.from([0x61, 0xe9, 0x20, 0xff, 0xfe, 0x0a]));
  writeFileSync(join(repo, 'image.bin'), Buffer.from([0x89, 0x50, 0, 0, 0, 1, 2, 3]));
  mkdirSync(join(repo, 'loop'));
  symlinkSync('../loop', join(repo, 'loop', 'again'));
  symlinkSync('self', join(repo, 'self'));
  const run = await startAudit(repo, join(home, 'out'), []).done;
  t.equal(run.code, 0, failureOf(run));
  const findings = filesBelow(join(home, 'out')).find(({ path }) => path.endsWith('findings.json'));
  const result = JSON.parse(findings?.bytes.toString('utf8') ?? '{}') as {
    skipped: { path: string; reason: string }[];
    findings: { path: string }[];
  };
  const reasons = Object.fromEntries(result.skipped.map(({ path, reason }) => [path, reason]));
  t.match(reasons, {
    'huge.txt': 'too-large',
    'latin.txt': 'bad-encoding',
    'image.bin': 'binary',
    self: 'symlink',
    'loop/again': 'symlink',
  });
  t.ok(
    result.findings.some(({ path }) => path === 'good.ts'),
    'the readable file was audited',
  );
});

t.test(
  'a NATS url that refuses is named without its password, with exit code 69, and nothing is left running',
  async (t) => {
    const home = t.testdir({ repo: {} });
    makeRepository(join(home, 'repo'), { files: 3, functions: 1, commits: 1, seed: 1 });
    const marker = `SKEP_TEST_MARK=${randomUUID()}`;
    const [name = '', value = ''] = marker.split('=');
    const args = [
      'audit',
      join(home, 'repo'),
      '--nodes',
      '2',
      '--nats',
      'nats://user:hunter2pass@127.0.0.1:1',
      '--out',
      join(home, 'out'),
    ];
    const ended = await skep(args, { cwd: home, env: { [name]: value } });
    t.equal(ended.code, 69, ended.stderr);
    t.match(ended.stderr, '127.0.0.1:1');
    t.notMatch(`${ended.stderr}${ended.stdout}`, 'hunter2pass');
    t.notMatch(ended.stderr, stackLine);
    await eventually('every process is gone', () => processesWith(marker).length === 0);
  },
);

t.test('Ctrl-C at any time ends every process, with exit code 130', async (t) => {
  const home = t.testdir({ repo: {} });
  const repo = join(home, 'repo');
  makeRepository(repo, { files: 200, functions: 8, commits: 3, seed: 3 });
  const moments: Readonly<
    Record<string, (line: { readonly event: string; readonly [fact: string]: unknown }) => boolean>
  > = {
    'when the job starts': (line) => line.event === 'started',
    'when a node is up': (line) => line.event === 'node',
    'in the middle': (line) =>
      line.event === 'progress' && Number(line['done']) >= 0.5 * Number(line['total']) && Number(line['total']) > 5,
  };
  for (const nodes of ['1', '2']) {
    for (const [moment, when] of Object.entries(moments)) {
      const marker = randomUUID();
      let sent = false;
      const out = join(home, `out-${nodes}`);
      const run = await startAudit(
        repo,
        out,
        ['--nodes', nodes],
        (line, child) => {
          if (sent || !when(line)) return;
          sent = true;
          child.kill('SIGINT');
        },
        { SKEP_TEST_MARK: marker },
      ).done;
      t.ok(sent, `${moment}, ${nodes} node(s): interrupted`);
      t.equal(run.code, 130, `${moment}, ${nodes} node(s): ${run.stderr.slice(-300)}`);
      t.notMatch(run.stderr, stackLine);
      await eventually('every process is gone', () => processesWith(marker).length === 0);
    }
  }
});

t.test('Ctrl-C while nodes start ends every process', async (t) => {
  const home = t.testdir({ repo: {} });
  makeRepository(join(home, 'repo'), { files: 3, functions: 1, commits: 1, seed: 1 });
  const marker = randomUUID();
  const child = spawn(
    process.execPath,
    [program, 'audit', join(home, 'repo'), '--nodes', '3', '--out', join(home, 'out')],
    {
      cwd: home,
      stdio: 'ignore',
      env: { ...process.env, SKEP_TEST_MARK: marker },
    },
  );
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  // The command, its server (shell and program) and at least one node are there, but not all nodes are ready.
  await eventually('a node process has begun', () => processesWith(marker).length >= 4);
  child.kill('SIGINT');
  t.equal(await ended, 130);
  await eventually('every process is gone', () => processesWith(marker).length === 0);
  t.equal(
    execFileSync('git', ['-C', join(home, 'repo'), 'status', '--porcelain']).toString(),
    '',
    'the repository is untouched',
  );
});
