/** The command line itself: help, mistakes with their exit codes, `config print`, `doctor`, and outputs that go away. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { LEAST_NODE, machineVerdict, nodeVerdict } from '#cli/doctor/machine';
import { serverVerdict } from '#cli/doctor/network';
import { run } from '#test/support/cli';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(root, 'dist/cli/main.js');
const stackLine = /\n\s+at .+:\d+:\d+/;

t.test('wrong command lines: 64 with a hint; wrong values of options: 78 with the path', async (t) => {
  const cwd = t.testdir({});
  const cases: readonly { readonly args: readonly string[]; readonly code: number; readonly says: RegExp }[] = [
    { args: [], code: 64, says: /Usage: skep/ },
    { args: ['statsu'], code: 64, says: /unknown command 'statsu'\n\(Did you mean status\?\)/ },
    { args: ['up', '--node', '3'], code: 64, says: /unknown option '--node'\n\(Did you mean --nodes\?\)/ },
    { args: ['up', '--nodes', '0'], code: 64, says: /whole number from 1 to 64/ },
    { args: ['up', '--nodes', '1e1'], code: 64, says: /whole number from 1 to 64/ },
    { args: ['call', 'hits'], code: 64, says: /missing required argument 'call'/ },
    { args: ['status', 'demo'], code: 64, says: /too many arguments/ },
    { args: ['spawn', 'counter', '--restart', 'never'], code: 64, says: /permanent, transient, temporary/ },
    {
      args: ['up', '--executors', '0'],
      code: 78,
      says: /BAD_CONFIG: node\.executors \(--executors\): given .*whole number from 1 to 256/,
    },
    { args: ['status', '--nats', 'http://x'], code: 78, says: /BAD_CONFIG: nats\.url \(--nats\)/ },
    { args: ['up', '--cluster', 'a b'], code: 78, says: /cluster\.name/ },
    { args: ['status', '--nats', 'nats://127.0.0.1:1'], code: 69, says: /TRANSPORT_FAILED.*127\.0\.0\.1:1/ },
    { args: ['up', '--data-dir', '/proc/none'], code: 73, says: /OUTPUT_UNWRITABLE: \/proc\/none/ },
  ];
  for (const { args, code, says } of cases) {
    const ended = await run(args, { cwd });
    t.equal(ended.code, code, `skep ${args.join(' ')}: ${ended.stderr}`);
    t.match(ended.stderr, says);
    t.notMatch(ended.stderr, stackLine, 'no stack trace');
  }
});

t.test('with --json a mistake is JSON on standard output, whoever found it', async (t) => {
  const cwd = t.testdir({});
  for (const [args, code] of [
    [['up', '--node', '3', '--json'], 'BAD_USAGE'],
    [['up', '--executors', '0', '--json'], 'BAD_CONFIG'],
    [['down', '--json'], 'NO_CLUSTER'],
  ] as const) {
    const { stdout } = await run(args, { cwd });
    t.match(JSON.parse(stdout), { error: { code, message: String, remedy: String } }, args.join(' '));
  }
});

t.test('a stack trace comes with --debug only; colour only when it is forced', async (t) => {
  const cwd = t.testdir({});
  t.match((await run(['status', '--debug'], { cwd })).stderr, stackLine);
  t.notMatch((await run(['status'], { cwd })).stderr, /\u001b\[/);
  const forced = { cwd, env: { NO_COLOR: '', FORCE_COLOR: '1' } };
  t.match((await run(['status'], forced)).stderr, /\u001b\[31merror/);
  t.notMatch((await run(['status', '--no-color'], forced)).stderr, /\u001b\[/);
});

t.test('a reader that leaves is no error; a disk that is full is exit code 73', async (t) => {
  const shell = (command: string) =>
    spawnSync('bash', ['-c', command], {
      cwd: t.testdirName,
      env: { ...process.env, NODE: process.execPath, SKEP: program },
      encoding: 'utf8',
    });
  t.testdir({});
  const piped = shell('set -o pipefail; "$NODE" "$SKEP" config print --json | (exec 0<&-; sleep 0)');
  t.equal(piped.status, 0, piped.stderr);
  t.equal(piped.stderr, '');
  const full = shell('"$NODE" "$SKEP" config print > /dev/full');
  t.equal(full.status, 73, full.stderr);
  t.match(full.stderr, 'OUTPUT_UNWRITABLE');
  t.notMatch(full.stderr, stackLine);
});

t.test('config print shows values with their origin and masks secrets, as a table and as JSON', async (t) => {
  const cwd = t.testdir({ 'skep.yaml': 'cluster:\n  name: builders\n', '.env': 'SKEP_NATS_TOKEN=hunter2pass\n' });
  const options = { cwd, env: { SKEP_NODE_EXECUTORS: '2' } };
  for (const args of [['config', 'print'], ['config']]) {
    const { code, stdout } = await run([...args, '--name', 'x'], options);
    t.equal(code, 0);
    t.match(stdout, /cluster\.name\s+builders\s+.*skep\.yaml/);
    t.match(stdout, /node\.executors\s+2\s+.*SKEP_NODE_EXECUTORS/);
    t.match(stdout, /node\.name\s+x\s+.*--name/);
    t.match(stdout, /nats\.token\s+\*{4}/);
    t.notMatch(stdout, 'hunter2pass');
  }
  const json = await run(['config', 'print', '--json'], options);
  t.match(JSON.parse(json.stdout), { 'cluster.name': { value: 'builders', origin: { kind: 'file' } } });
});

t.test('doctor looks at everything, starts a server and a thread, and ends with 0 where all is well', async (t) => {
  const { code, stdout } = await run(['doctor', '--json'], { cwd: t.testdir({}) });
  t.equal(code, 0, stdout);
  const { ok, checks } = JSON.parse(stdout) as {
    ok: boolean;
    checks: { name: string; status: string; detail: string; remedy: string }[];
  };
  t.equal(ok, true);
  t.match(Object.fromEntries(checks.map(({ name, status }) => [name, status])), {
    configuration: 'ok',
    node: 'ok',
    git: 'ok',
    'data folder': 'ok',
    'worker threads': 'ok',
    'native addons': 'ok',
    'nats-server': 'ok',
    'own server': 'ok',
    'nats url': 'ok',
    cluster: 'ok',
  });
});

t.test('doctor ends with 1 and says what to do, and a wrong configuration does not keep it from looking', async (t) => {
  const cwd = t.testdir({ 'skep.yaml': 'node:\n  executors: none\n' });
  mkdirSync(join(cwd, 'empty'));
  chmodSync(join(cwd, 'empty'), 0o755);
  const env = { SKEP_NATS_SERVER: join(cwd, 'nowhere/nats-server'), PATH: join(cwd, 'empty') };
  // `env` itself is found by its full path, so an empty PATH hides git and nats-server from the command alone.
  const { code, stdout } = await run(['doctor'], { cwd, env: { ...env, SKEP_NATS_URL: 'nats://127.0.0.1:1' } });
  t.equal(code, 1);
  t.match(stdout, /fail\s+configuration\s+node\.executors \(skep\.yaml:2/);
  t.match(stdout, /fail\s+git/);
  t.match(stdout, /Install git/);
  t.match(stdout, /fail\s+nats-server\s+NATS_SERVER_MISSING/);
  t.match(stdout, /ok\s+worker threads/, 'the rest is looked at');
});

t.test('doctor judges versions, memory and where a server is reached', async (t) => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  t.equal(`>=${LEAST_NODE}`, engines.node, 'the least version of Node is that of package.json');
  const table = [
    [nodeVerdict('20.18.9'), 'fail'],
    [nodeVerdict('20.19.0'), 'ok'],
    [nodeVerdict('22.1.0'), 'ok'],
    [serverVerdict('2.9.10', '/x', undefined), 'ok'],
    [serverVerdict('2.9.10', '/x', 'nats://127.0.0.1:4222'), 'ok'],
    [serverVerdict('2.9.10', '/x', 'nats://bus.example:4222'), 'warn'],
    [serverVerdict('2.9.23', '/x', 'nats://bus.example:4222'), 'ok'],
    [serverVerdict('2.10.0', '/x', 'nats://bus.example:4222'), 'ok'],
    [machineVerdict(2, 4 * 2 ** 30, 1), 'ok'],
    [machineVerdict(2, 4 * 2 ** 30, 9), 'warn'],
    [machineVerdict(2, 2 ** 28, 1), 'warn'],
  ] as const;
  for (const [verdict, status] of table) {
    t.equal(verdict.status, status, verdict.detail);
    t.equal(verdict.remedy === '', status === 'ok', 'a remedy where there is something to do');
  }
});
