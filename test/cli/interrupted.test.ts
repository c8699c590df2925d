/** Whatever ends `up`, and whenever: no process is left behind, and the next command knows how things stand. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { nothingLeft, run, start, up } from '#test/support/cli';

t.test('Ctrl-C during the start, at three moments, ends everything with exit code 130', async (t) => {
  const cwd = t.testdir({});
  const runFile = join(cwd, '.skep/default/run.json');
  const moments = {
    'when the start is announced': /starts with 3 node/,
    'when the first node is ready': /node-\d is ready/,
    'when the table is there': /is ready at/,
  };
  for (const [moment, pattern] of Object.entries(moments)) {
    const cluster = start(['up', '--nodes', '3', '--executors', '1'], { cwd });
    await cluster.waitFor(pattern);
    cluster.child.kill('SIGINT');
    const { code, stderr } = await cluster.done;
    t.equal(code, 130, `${moment}: ${stderr}`);
    t.notMatch(stderr, /\n\s+at /, `${moment}: no stack trace`);
    await nothingLeft(cluster);
    t.notOk(existsSync(runFile), `${moment}: no run file`);
  }
});

t.test('a second Ctrl-C does not wait, and leaves nothing behind either', async (t) => {
  const cluster = await up(t, ['--nodes', '2'], { cwd: t.testdir({}) });
  cluster.child.kill('SIGINT');
  await cluster.waitFor(/stopping/);
  cluster.child.kill('SIGINT');
  t.equal((await cluster.done).code, 130);
  await nothingLeft(cluster);
});

t.test('kill -9 of up, ready or starting, leaves no process; its run file is stale and in nobody’s way', async (t) => {
  const cwd = t.testdir({});
  for (const pattern of [/starts with 2 node/, /is ready at/]) {
    const cluster = start(['up', '--nodes', '2', '--executors', '1'], { cwd });
    await cluster.waitFor(pattern);
    cluster.child.kill('SIGKILL');
    t.equal((await cluster.done).signal, 'SIGKILL');
    await nothingLeft(cluster);
  }
  const runFile = join(cwd, '.skep/default/run.json');
  t.ok(existsSync(runFile));
  t.match(await run(['status'], { cwd }), { code: 69, stderr: /NO_CLUSTER/ });
  t.match(await run(['down'], { cwd }), { code: 69, stderr: /had ended and left its run file, which is removed now/ });
  t.notOk(existsSync(runFile));
});

t.test('a run file with the number of a living stranger is stale: the start time tells them apart', async (t) => {
  const cwd = t.testdir({});
  const first = await up(t, [], { cwd });
  const runFile = join(cwd, '.skep/default/run.json');
  const record = JSON.parse(readFileSync(runFile, 'utf8')) as { up: { pid: number; started: string } };
  first.child.kill('SIGKILL');
  await nothingLeft(first);
  // This test's own process: alive, and started at another time.
  writeFileSync(runFile, JSON.stringify({ ...record, up: { ...record.up, pid: process.pid } }));
  t.match(await run(['status'], { cwd }), { code: 69 });
  const second = await up(t, [], { cwd });
  second.child.kill('SIGTERM');
  t.equal((await second.done).code, 143, 'a new cluster took its place');
  await nothingLeft(second);
});

t.test('two ups of one cluster at the same moment: one runs, the other is told so', async (t) => {
  const cwd = t.testdir({});
  const rivals = [start(['up', '--executors', '1'], { cwd }), start(['up', '--executors', '1'], { cwd })];
  const loser = await Promise.race(rivals.map(({ done }) => done));
  t.equal(loser.code, 69, loser.stderr);
  t.match(loser.stderr, /CLUSTER_RUNNING: cluster default (is being started|already runs)/);
  const winner = rivals.find(({ child }) => child.exitCode === null);
  await winner?.waitFor(/is ready at/);
  t.match(await run(['down'], { cwd }), { code: 0 });
  for (const rival of rivals) await nothingLeft(rival);
});

t.test('down --force kills a cluster that does not stop in time', async (t) => {
  const cwd = t.testdir({});
  const cluster = await up(t, [], { cwd });
  cluster.child.kill('SIGSTOP');
  const patient = await run(['down', '--timeout', '100'], { cwd });
  t.equal(patient.code, 75);
  t.match(patient.stderr, /CALL_TIMEOUT: .* --force kills it/);
  const forced = await run(['down', '--timeout', '100', '--force', '--json'], { cwd });
  t.equal(forced.code, 0, forced.stderr);
  t.match(JSON.parse(forced.stdout), { cluster: 'default', killed: true });
  await nothingLeft(cluster);
});

t.test('a NATS url that refuses ends up with 69, the reason and no password', async (t) => {
  const cluster = start(['up', '--nodes', '2', '--nats', 'nats://me:hunter2pass@127.0.0.1:1'], { cwd: t.testdir({}) });
  const { code, stderr, stdout } = await cluster.done;
  t.equal(code, 69, stderr);
  t.match(stderr, /TRANSPORT_FAILED: node node-\d: .*127\.0\.0\.1:1/);
  t.notMatch(stderr + stdout, 'hunter2pass');
  await nothingLeft(cluster);
});

t.test('the reader of the output may leave: up goes on', async (t) => {
  const cwd = t.testdir({});
  const cluster = await up(t, [], { cwd });
  cluster.child.stdout?.destroy();
  cluster.child.stderr?.destroy();
  const [pid] = cluster.processes().filter((id) => id !== cluster.child.pid);
  t.ok(pid);
  const status = await run(['status', '--json'], { cwd });
  const { nodes } = JSON.parse(status.stdout) as { nodes: { pid: number }[] };
  process.kill(nodes[0]?.pid ?? 0, 'SIGKILL');
  await eventually(
    'the node is started again, although nobody reads of it',
    async () => {
      const again = await run(['status', '--json'], { cwd });
      return (
        again.code === 0 &&
        (JSON.parse(again.stdout) as { nodes: { pid: number }[] }).nodes.some((node) => node.pid !== nodes[0]?.pid)
      );
    },
    30_000,
  );
});
