/** A cluster from `up` to `down`, as a person drives it: real processes, a real nats-server, a module of the user. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { counterModule, nothingLeft, run, up } from '#test/support/cli';
import { eventually } from '#test/support/eventually';

const stackLine = /\n\s+at .+:\d+:\d+/;

/** What `--json` printed. */
function jsonOf(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

t.test('up, status, spawn, call, cast, stop, down: each does what it says and says it', async (t) => {
  const cwd = t.testdir({ 'counter.mjs': counterModule });
  const skep = (...args: readonly string[]) => run(args, { cwd });
  const cluster = await up(t, ['--nodes', '2', '--module', 'counter.mjs'], { cwd });
  t.ok(cluster.processes().length >= 4, 'up, two nodes and the server are found by their mark');
  const runFile = join(cwd, '.skep/default/run.json');
  t.equal(statSync(runFile).mode & 0o777, 0o600, 'the run file is for its owner only');

  const status = await skep('status', '--json');
  t.equal(status.code, 0, status.stderr);
  t.match(jsonOf(status.stdout), {
    cluster: 'default',
    nodes: [{ name: 'node-1', roles: ['worker'], executors: [1] }, { name: 'node-2' }],
  });

  // A name belongs to one node and any node may answer, so several rounds make sure that it is found from everywhere.
  const spawned = await skep(
    'spawn',
    'counter',
    '--args',
    '{"start":5}',
    '--name',
    'hits',
    '--node',
    'node-2',
    '--executor',
    '1',
  );
  t.match(spawned.stdout, /^node-2@\w+\/1\/\d+\n$/, spawned.stderr);
  const ref = spawned.stdout.trim();
  t.equal((await skep('call', 'hits', 'add', '{"amount":2}')).stdout, '7\n');
  t.equal((await skep('call', ref, 'add', '{"amount":1}', '--json')).stdout, '8\n');
  t.equal(
    (await skep('call', 'hits', 'countdown', '{"step":3}')).stdout,
    '8\n5\n2\n',
    'a stream gives a line for each item',
  );
  t.same(JSON.parse((await skep('call', 'hits', 'countdown', '{"step":3}', '--json')).stdout), [8, 5, 2]);
  const cut = await skep('call', 'hits', 'countdown', '{"step":1}', '--max-items', '2');
  t.equal(cut.stdout, '8\n7\n');
  t.match(cut.stderr, '--max-items', 'a stream that is cut says so');
  t.equal((await skep('cast', 'hits', 'reset', '--node', 'node-2')).stdout, 'sent\n');
  t.equal((await skep('call', 'hits', 'get')).stdout, '0\n');
  t.match((await skep('status', '--actors')).stdout, new RegExp(`${ref}\\s+hits\\s+counter\\s+running`));
  const drawn = await skep('tree', 'node-2');
  t.match(drawn.stdout, new RegExp(`^node-2\n└─ skep.guardian \\S+\n   └─ hits \\(counter\\) ${ref}\n$`), drawn.stderr);
  t.match(jsonOf((await skep('tree', '--json')).stdout), {
    trees: [
      { node: 'node-1', roots: [] },
      {
        node: 'node-2',
        roots: [{ definition: 'skep.guardian', children: [{ address: ref, name: 'hits', restarts: 0, children: [] }] }],
      },
    ],
  });
  t.match((await skep('tree', 'node-1', '--all')).stdout, 'skep.names');
  t.match(await skep('tree', 'node-9'), { code: 64, stderr: /NO_SUCH_NODE.*node-9/ });
  t.match((await skep('describe', 'counter', '--json')).stdout, /"countdown",\s+"stream": true/);
  t.equal((await skep('stop', 'hits')).code, 0);
  t.match(await skep('call', 'hits', 'get'), { code: 64, stderr: /NO_SUCH_ACTOR/ });

  await t.test('what is wrong is named, with its exit code and without a stack trace', async (t) => {
    await skep('spawn', 'counter', '--name', 'twin', '--node', 'node-1');
    await skep('spawn', 'counter', '--name', 'twin', '--node', 'node-2');
    const cases: readonly { readonly args: readonly string[]; readonly code: number; readonly says: RegExp }[] = [
      { args: ['spawn', 'contour'], code: 64, says: /UNKNOWN_DEFINITION: no definition contour; known: counter,/ },
      { args: ['spawn', 'counter', '--args', '{"start":"x"}'], code: 64, says: /BAD_MESSAGE: args of counter: start:/ },
      {
        args: ['spawn', 'counter', '--args', '{"start":5'],
        code: 64,
        says: /BAD_USAGE: --args is not valid JSON: expected , or } at its end/,
      },
      { args: ['spawn', 'counter', '--name', 'twin', '--node', 'node-1'], code: 64, says: /NAME_TAKEN/ },
      { args: ['spawn', 'counter', '--node', 'node-9'], code: 64, says: /NO_SUCH_NODE.*node-9/ },
      { args: ['spawn', 'counter', '--executor', 'one'], code: 64, says: /whole number from 0 to 9999/ },
      { args: ['call', 'twin', 'get'], code: 64, says: /BAD_USAGE: several actors are named "twin".*--node/ },
      {
        args: ['call', 'twin', 'add', '{"amount":2,}', '--node', 'node-1'],
        code: 64,
        says: /expected a name at position 13/,
      },
      {
        args: ['call', 'twin', 'add', '{"amount":true}', '--node', 'node-1'],
        code: 64,
        says: /BAD_MESSAGE: message of call "add": amount:/,
      },
      { args: ['call', 'twin', 'subtract', '--node', 'node-1'], code: 64, says: /NO_SUCH_HANDLER/ },
      { args: ['call', 'twin', 'crash', '--node', 'node-2'], code: 1, says: /ACTOR_CRASHED.*told to crash/ },
      { args: ['call', 'twin', 'never', '--node', 'node-1', '--timeout', '50'], code: 75, says: /CALL_TIMEOUT/ },
      { args: ['call', 'a/b', 'get'], code: 64, says: /neither a name nor an address/ },
      { args: ['cast', 'twin', 'restart', '--node', 'node-2'], code: 64, says: /NO_SUCH_HANDLER.*reset/ },
      { args: ['up'], code: 69, says: /CLUSTER_RUNNING: cluster default already runs with 2 node\(s\)/ },
    ];
    for (const { args, code, says } of cases) {
      const ended = await skep(...args);
      t.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`);
      t.match(ended.stderr, says);
      t.notMatch(ended.stderr, stackLine, 'no stack trace');
    }
    const json = await skep('spawn', 'contour', '--json');
    t.match(jsonOf(json.stdout), { error: { code: 'UNKNOWN_DEFINITION', remedy: String } }, 'errors are JSON as well');
  });

  const down = await skep('down');
  t.equal(down.code, 0, down.stderr);
  t.match(down.stdout, 'cluster default is down');
  const ended = await cluster.done;
  t.equal(ended.code, 143);
  t.match(
    ended.stderr,
    /stopping\nnode-2 stopped\nnode-1 stopped\nnats-server stopped\n/,
    'in reverse order, the server last',
  );
  t.notOk(existsSync(runFile));
  await nothingLeft(cluster);
  t.match(await skep('down'), { code: 69, stderr: /NO_CLUSTER: no cluster default was started here/ });
  t.match(await skep('status'), { code: 69, stderr: /NO_CLUSTER.*no NATS url is set/ });
});

t.test(
  'a killed node is started again under its name; a killed server on its port, where the nodes find it',
  async (t) => {
    const cwd = t.testdir({});
    const cluster = await up(t, ['--cluster', 'phoenix', '--nodes', '2', '--json'], { cwd });
    const ready = /\{[^]*\n\}\n/.exec((await cluster.waitFor(/\{[^]*\n\}\n/))[0]);
    const { nodes, server, url } = jsonOf(ready?.[0] ?? '') as {
      nodes: { name: string; pid: number }[];
      server: number;
      url: string;
    };
    process.kill(nodes[1]?.pid ?? 0, 'SIGKILL');
    await cluster.waitFor(/node-2 ended unasked \(SIGKILL\)/);
    const pidOf = (): number => {
      const file = JSON.parse(readFileSync(join(cwd, '.skep/phoenix/run.json'), 'utf8')) as {
        nodes: { name: string; pid: number }[];
      };
      return file.nodes.find(({ name }) => name === 'node-2')?.pid ?? 0;
    };
    await eventually('the run file names the new process', () => ![0, nodes[1]?.pid].includes(pidOf()), 30_000);
    process.kill(server, 'SIGKILL');
    await cluster.waitFor(/nats-server ended unasked \(SIGKILL\)/);
    await eventually(
      'both nodes answer over the new server',
      async () => {
        const { code, stdout } = await run(['status', '--json', '--nats', url, '--cluster', 'phoenix'], { cwd });
        return code === 0 && (jsonOf(stdout)['nodes'] as { pid: number }[]).some(({ pid }) => pid === pidOf());
      },
      30_000,
    );
    cluster.child.kill('SIGINT');
    t.equal((await cluster.done).code, 130, 'Ctrl-C');
    await nothingLeft(cluster);
  },
);

t.test(
  'with --no-restart the last node that dies ends the cluster, with exit code 69 and nothing left behind',
  async (t) => {
    const cwd = t.testdir({});
    const cluster = await up(t, ['--no-restart'], { cwd });
    const [, pid] = await cluster.waitFor(/node-1 is ready \(pid (\d+)\)/);
    process.kill(Number(pid), 'SIGKILL');
    const { code, stderr } = await cluster.done;
    t.equal(code, 69, stderr);
    t.match(stderr, /node-1 is given up\nerror CLUSTER_FAILED: every node has ended/);
    await nothingLeft(cluster);
    t.notOk(existsSync(join(cwd, '.skep/default/run.json')));
  },
);
