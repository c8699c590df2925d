/**
 * The bootstrap's own decisions, as far as they are pure or need only a temporary folder: when to install, when to
 * compile, which program is meant, which tests are chosen, what a run of them counted, and whose turn it is. The scripts
 * are plain modules that run before anything is compiled, so they are loaded by path and typed here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface Program {
  readonly name: string;
  readonly variable: string | undefined;
}
interface TestFile {
  readonly name: string;
  readonly code: number;
  readonly ms: number;
  readonly lines: readonly string[];
  readonly late?: boolean;
}
interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: number;
  readonly fileLimitMs: number;
  readonly signal: AbortSignal;
  readonly onFile: (file: TestFile) => void;
}
interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly passedFiles: number;
  readonly failedFiles: readonly string[];
}
interface Scripts {
  nodeVersionProblem(version: string): string;
  installReason(lock: Lock, installed: Lock | undefined): string | undefined;
  listSources(root: string): Promise<readonly string[]>;
  hashSources(root: string, sources: readonly string[]): Promise<string>;
  buildReason(root: string, sources: readonly string[], hash: string): Promise<string | undefined>;
  removeStaleOutputs(root: string, sources: readonly string[]): Promise<readonly string[]>;
  findProgram(program: Program, env: Readonly<Record<string, string>>, folders: readonly string[]): string | undefined;
  missingProgramSentence(program: Program): string;
  readonly programs: { readonly git: Program; readonly natsServer: Program };
  createTestReport(print: (line: string) => void): { file(file: TestFile): void; result(): Totals };
  runTestFiles(files: readonly string[], options: RunOptions): Promise<void>;
  selectTests(sources: readonly string[], filters: readonly string[]): readonly string[];
  completeLock(lock: { packages: Record<string, LockEntry> }): readonly string[];
  withLock<T>(path: string, work: () => Promise<T>, options?: { staleAfterMs?: number; waitMs?: number }): Promise<T>;
  exitCodeOf(code: number | null, signal: string | null): number;
}

const root = join(import.meta.dirname, '../../..');
const modules = [
  'node-version',
  'dependencies',
  'build',
  'programs',
  'test-files',
  'test-report',
  'lock-completion',
  'clone-lock',
];
const paths = [...modules, 'child', 'commands/test'].map((name) => join(root, `cli/bootstrap/${name}.mjs`));
const loaded: unknown[] = await Promise.all(paths.map((path) => import(pathToFileURL(path).href)));
const scripts = Object.assign({}, ...loaded) as Scripts;

t.test('a Node that is too old is refused in a sentence, and the oldest supported one is not', async (t) => {
  for (const old of ['12.22.12', '18.20.8', '20.9.0', '20.18.3', 'unknown']) {
    t.match(scripts.nodeVersionProblem(old), `needs Node 20.19.0 or newer, and this is Node ${old}.`, old);
  }
  for (const fine of ['20.19.0', '20.20.2', '22.0.0', '24.1.0-nightly'])
    t.equal(scripts.nodeVersionProblem(fine), '', fine);
});

t.test('the oldest Node is the one that package.json promises', async (t) => {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  const oldest = engines.node.replace('>=', '');
  t.equal(scripts.nodeVersionProblem(oldest), '');
  const [major, minor] = oldest.split('.').map(Number);
  t.not(scripts.nodeVersionProblem(`${major ?? 0}.${(minor ?? 0) - 1}.9`), '');
});

t.test('an install is needed when what is installed is not what the lock file says', async (t) => {
  const lock: Lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/zod': { version: '4.1.0', integrity: 'sha512-a' },
      'node_modules/native-win32': { version: '1.0.0', optional: true },
    },
  };
  const installed: Lock = { packages: { 'node_modules/zod': { version: '4.1.0', integrity: 'sha512-a' } } };
  const zod = (entry: LockEntry): Lock => ({ packages: { 'node_modules/zod': entry } });
  t.equal(scripts.installReason(lock, undefined), 'nothing is installed yet');
  t.equal(scripts.installReason(lock, installed), undefined, 'optional packages of other platforms stay out');
  t.match(scripts.installReason(lock, { packages: {} }), /zod is missing/);
  t.match(scripts.installReason(lock, zod({ version: '4.0.0' })), /zod is not the version/);
  t.match(scripts.installReason(lock, zod({ version: '4.1.0', integrity: 'sha512-b' })), /zod is not the version/);
  const extra = { packages: { ...installed.packages, 'node_modules/old': { version: '1.0.0' } } };
  t.match(scripts.installReason(lock, extra), /old is not in the lock file/);
});

/** A clone of one source with its build, in a temporary folder. */
async function builtClone(folder: string): Promise<{ readonly root: string; reason(): Promise<string | undefined> }> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('tsconfig.json', JSON.stringify({ include: ['runtime/**/*.ts', 'test/**/*.ts'] }));
  await write('package.json', '{}');
  await write('package-lock.json', '{}');
  await write('runtime/a.ts', 'export const a = 1;');
  await write('dist/runtime/a.js', 'export const a = 1;');
  const current = async (): Promise<readonly [readonly string[], string]> => {
    const sources = await scripts.listSources(folder);
    return [sources, await scripts.hashSources(folder, sources)];
  };
  await write('dist/.build-stamp', (await current())[1]);
  return { root: folder, reason: async () => scripts.buildReason(folder, ...(await current())) };
}

t.test(
  'a build is needed when a source, a setting or the lock file changed, and not when a file was only touched',
  async (t) => {
    const clone = await builtClone(t.testdir());
    t.equal(await clone.reason(), undefined);
    const later = new Date(Date.now() + 60_000);
    await utimes(join(clone.root, 'runtime/a.ts'), later, later);
    t.equal(await clone.reason(), undefined, 'touched');
    for (const path of ['runtime/a.ts', 'tsconfig.json', 'package-lock.json', 'package.json']) {
      const text = await readFile(join(clone.root, path), 'utf8');
      await writeFile(join(clone.root, path), `${text} `);
      t.equal(await clone.reason(), 'sources changed', path);
      await writeFile(join(clone.root, path), text);
    }
    await mkdir(join(clone.root, 'runtime/node_modules/x'), { recursive: true });
    await writeFile(join(clone.root, 'runtime/node_modules/x/index.ts'), '');
    t.equal(await clone.reason(), undefined, 'an installed package');
    await writeFile(join(clone.root, 'runtime/b.ts'), '');
    t.equal(await clone.reason(), 'sources changed', 'a new file');
  },
);

t.test('a build is needed when its stamp or an output is gone', async (t) => {
  const clone = await builtClone(t.testdir());
  await rm(join(clone.root, 'dist/runtime/a.js'));
  t.equal(await clone.reason(), 'the output of runtime/a.ts is gone');
  await rm(join(clone.root, 'dist/.build-stamp'));
  t.equal(await clone.reason(), 'there is no finished build');
});

t.test('the compiled files of a deleted test are removed, and nothing else', async (t) => {
  const clone = await builtClone(t.testdir());
  const dist = join(clone.root, 'dist');
  await mkdir(join(dist, 'test/old'), { recursive: true });
  const stale = ['x.test.js', 'x.test.js.map', 'x.test.d.ts', 'x.test.d.ts.map'].map((name) =>
    join(dist, 'test/old', name),
  );
  const kept = [join(dist, 'runtime/a.js'), join(dist, '.build-stamp'), join(dist, 'runtime/page.html')];
  for (const path of [...stale, kept[2] ?? '']) await writeFile(path, '');
  const removed = await scripts.removeStaleOutputs(clone.root, await scripts.listSources(clone.root));
  t.same([...removed].sort(), [...stale].sort());
  for (const path of stale) t.notOk(existsSync(path), path);
  for (const path of kept) t.ok(existsSync(path), path);
});

t.test('nats-server is taken from SKEP_NATS_SERVER, then PATH, then the folders for servers', async (t) => {
  const folder = t.testdir({
    own: { mine: '' },
    first: {},
    second: { 'nats-server': '' },
    sbin: { 'nats-server': '' },
  });
  const at = (path: string): string => join(folder, path);
  for (const path of ['own/mine', 'second/nats-server', 'sbin/nats-server']) await chmod(at(path), 0o755);
  const find = (env: Readonly<Record<string, string>>): string | undefined =>
    scripts.findProgram(scripts.programs.natsServer, env, [at('sbin')]);
  const PATH = `${at('first')}:${at('second')}`;
  t.equal(find({ PATH, SKEP_NATS_SERVER: at('own/mine') }), at('own/mine'));
  t.equal(find({ PATH, SKEP_NATS_SERVER: '' }), at('second/nats-server'), 'an empty variable is no choice');
  t.equal(find({ PATH: at('first') }), at('sbin/nats-server'));
  t.equal(scripts.findProgram(scripts.programs.natsServer, { PATH: at('first') }, []), undefined);
  await chmod(at('second/nats-server'), 0o644);
  t.equal(find({ PATH }), at('sbin/nats-server'), 'a file that may not be run is passed over');
});

t.test('a SKEP_NATS_SERVER that names nothing runnable is refused rather than passed over', async (t) => {
  const folder = t.testdir({ 'nats-server': '' });
  await chmod(join(folder, 'nats-server'), 0o755);
  const env = { PATH: folder, SKEP_NATS_SERVER: join(folder, 'nowhere') };
  t.throws(() => scripts.findProgram(scripts.programs.natsServer, env, []), {
    message: /SKEP_NATS_SERVER is .*nowhere/,
  });
  t.match(
    scripts.missingProgramSentence(scripts.programs.natsServer),
    /apt-get install nats-server\), or set SKEP_NATS_SERVER/,
  );
});

t.test('filters choose tests by part of their path, however it is written', async (t) => {
  const sources = [
    'runtime/a.ts',
    'test/audit/report/html.test.ts',
    'test/audit/sample.ts',
    'test/tidy/errors.test.ts',
  ];
  const html = 'dist/test/audit/report/html.test.js';
  t.same(scripts.selectTests(sources, []), [html, 'dist/test/tidy/errors.test.js']);
  for (const filter of [
    'audit/report',
    'html',
    'test/audit/report/html.test.ts',
    './dist/test/audit/report/html.test.js',
  ]) {
    t.same(scripts.selectTests(sources, [filter]), [html], filter);
  }
  t.same(scripts.selectTests(sources, ['html', 'tidy']).length, 2);
  t.same(scripts.selectTests(sources, ['nothing']), []);
});

/** What the report makes of files that have ended: its lines and its totals. */
function report(files: readonly TestFile[]): { readonly printed: string; readonly totals: Totals } {
  const printed: string[] = [];
  const reader = scripts.createTestReport((line) => printed.push(line));
  for (const file of files) reader.file(file);
  return { printed: printed.join('\n'), totals: reader.result() };
}

t.test('a passed file is one line, a failed one shows what failed and not what passed', async (t) => {
  const failing = ['ok 1 - fine too', 'not ok 2 - sum', '  ---', '  diff: 2 is not 3', '  ...'];
  const { printed, totals } = report([
    { name: 'a.test.js', code: 0, ms: 1_200, lines: ['ok 1 - fine', '# { total: 1, pass: 1 }'] },
    { name: 'b.test.js', code: 1, ms: 300, lines: [...failing, '# { total: 3, pass: 1, fail: 1, skip: 1 }'] },
  ]);
  t.match(printed, /^ok +a\.test\.js \(1\.2 s\)$/m);
  t.match(printed, /^FAILED b\.test\.js \(0\.3 s\)\n +not ok 2 - sum\n(.*\n)* +diff: 2 is not 3$/m);
  t.notMatch(printed, 'fine');
  t.match(totals, { passed: 2, failed: 1, skipped: 1, passedFiles: 1, failedFiles: ['b.test.js'] });
});

t.test(
  'a file that crashes counts as a failure, and so does one that ends well in the middle of its tests',
  async (t) => {
    const totals = '# { total: 1, pass: 1 }';
    t.match(report([{ name: 'a', code: 134, ms: 9, lines: ['ok 1 - one', totals] }]).totals, { failed: 1 });
    const middle = report([{ name: 'a', code: 0, ms: 9, lines: ['ok 1 - one'] }]);
    t.match(middle.totals, { passed: 0, failed: 1, failedFiles: ['a'] });
    t.match(middle.printed, 'ended with code 0 in the middle of its tests');
    t.match(report([]).totals, { passed: 0, failed: 0 }, 'the command turns a run without tests into a failure');
  },
);

t.test('what a subtest prints is not taken for the totals of its file', async (t) => {
  const lines = ['    # { total: 1, pass: 1 }', '# { total: 2, pass: 1, fail: 1 }'];
  t.match(report([{ name: 'a', code: 0, ms: 9, lines }]).totals, { passed: 1, failed: 1 });
});

t.test(
  'test files run in processes without hooks; one that hangs or is killed does not hold up the others',
  async (t) => {
    const folder = t.testdir({
      'good.mjs':
        'console.log(process.execArgv.join(), process.env.TAP_TIMEOUT); console.log("# { total: 1, pass: 1 }")',
      'hangs.mjs': 'setInterval(() => {}, 1e6)',
      'killed.mjs': 'process.kill(process.pid, "SIGKILL")',
    });
    const seen: TestFile[] = [];
    const stopped = new AbortController();
    const running = scripts.runTestFiles(['hangs.mjs', 'killed.mjs', 'good.mjs', 'good.mjs'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '' },
      jobs: 2,
      fileLimitMs: 60_000,
      signal: stopped.signal,
      onFile: (file) => {
        seen.push(file);
        if (seen.length === 3) stopped.abort();
      },
    });
    await running;
    t.same(
      seen.map(({ name, code }) => [name, code]),
      [
        ['killed.mjs', 137],
        ['good.mjs', 0],
        ['good.mjs', 0],
        ['hangs.mjs', 143],
      ],
    );
    t.same(seen[1]?.lines[0], '--enable-source-maps 60');
  },
);

t.test('a lock file gets the packages of platforms that the registry lacked, once', async (t) => {
  const native = { 'linter-win32-x64': '1.2.0', 'linter-linux-arm64-musl': '1.2.0', fsevents: '^2.3.0' };
  const lock = {
    packages: {
      'node_modules/linter': { version: '1.2.0', dev: true, optionalDependencies: native },
      'node_modules/linter-win32-x64': { version: '1.1.0', optional: true },
    } as Record<string, LockEntry>,
  };
  const added = ['node_modules/linter/node_modules/linter-win32-x64', 'node_modules/linter-linux-arm64-musl'];
  t.same(scripts.completeLock(lock), added);
  t.same(lock.packages[added[1] ?? ''], {
    version: '1.2.0',
    cpu: ['arm64'],
    libc: ['musl'],
    os: ['linux'],
    dev: true,
    optional: true,
  });
  t.same(scripts.completeLock(lock), [], 'a complete file stays as it is');
});

t.test('two preparations in one clone take turns', async (t) => {
  const path = join(t.testdir(), '.skep/prepare.lock');
  const order: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = scripts.withLock(path, async () => {
    order.push('first begins');
    await held;
    order.push('first ends');
  });
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
  const second = scripts.withLock(path, async () => order.push('second'));
  release();
  await Promise.all([first, second]);
  t.same(order, ['first begins', 'first ends', 'second']);
  t.notOk(existsSync(path), 'the lock is released');
});

t.test('a lock is released when the work fails, so that the next run is not held up', async (t) => {
  const path = join(t.testdir(), 'prepare.lock');
  await t.rejects(
    scripts.withLock(path, () => Promise.reject(new Error('npm failed'))),
    { message: 'npm failed' },
  );
  t.equal(await scripts.withLock(path, async () => 'second try'), 'second try');
});

t.test(
  'the lock of a process that is gone, or that fell silent, is taken over; one of a living process is not',
  async (t) => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const path = join(t.testdir(), 'prepare.lock');
    await writeFile(path, JSON.stringify({ pid: gone, host: hostname() }));
    t.equal(await scripts.withLock(path, async () => 'taken'), 'taken');

    await writeFile(path, JSON.stringify({ pid: 1, host: 'another-machine' }));
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, longAgo, longAgo);
    t.equal(await scripts.withLock(path, async () => 'taken'), 'taken', 'silent for an hour');

    const living = JSON.stringify({ pid: process.pid, host: hostname() });
    await writeFile(path, living);
    await t.rejects(
      scripts.withLock(path, async () => 'taken', { waitMs: 0 }),
      { message: new RegExp(`process ${process.pid} has held`) },
    );
    t.equal(await readFile(path, 'utf8'), living, 'the lock is still its holder’s');
  },
);

t.test('a child that a signal ended gives the exit code that a shell would', async (t) => {
  t.equal(scripts.exitCodeOf(3, null), 3);
  t.equal(scripts.exitCodeOf(null, 'SIGTERM'), 143);
  t.equal(scripts.exitCodeOf(null, 'SIGINT'), 130);
});
