/** Our own nats-server: it starts, says why it cannot, and never outlives the process that started it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { connectServices } from '#cluster/transport/connect';
import { findNatsServer } from '#cluster/transport/nats-program';
import { startNatsServer } from '#cluster/transport/nats-server';
import { withNats } from '#test/support/nats';
import { eventually } from './eventually.js';

const owner = fileURLToPath(new URL('./server-owner.js', import.meta.url));

t.test('a server on a free port answers, and stop leaves neither process nor file behind', async (t) => {
  const temporary = t.testdir();
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  const server = await withNats(t);
  const group = groupOf(server.pid);
  const client = await connectServices({ urls: [server.url] });
  t.equal(client.status(), 'connected');
  await client.close();
  t.equal(server.url, `nats://127.0.0.1:${server.port}`);
  await Promise.all([server.stop(), server.stop()]);
  await eventually('the whole group is gone', () => !isAlive(-group));
  t.same(readdirSync(temporary), []);
});

t.test('a server that was killed ends the promise with the signal, and leaves nothing behind', async (t) => {
  const server = await withNats(t);
  const group = groupOf(server.pid);
  const exits: unknown[] = [];
  void server.exited.then((exit) => exits.push(exit));
  process.kill(server.pid, 'SIGKILL');
  await eventually('the promise', () => exits.length === 1);
  t.same(exits, [{ code: null, signal: 'SIGKILL' }]);
  await eventually('the whole group is gone', () => !isAlive(-group));
  await server.stop();
});

t.test('a server that hangs is killed by stop', async (t) => {
  const server = await withNats(t);
  process.kill(server.pid, 'SIGSTOP');
  await server.stop();
  t.notOk(isAlive(server.pid));
});

t.test('when its owner is killed with SIGKILL, the server and its watcher go too', async (t) => {
  const { child, pid, group } = await startOwner(t, 'linger');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await eventually('the server is gone', () => !isAlive(pid));
  await eventually('the whole group is gone', () => !isAlive(-group));
});

t.test('a server does not keep its owner alive, and ends with it', async (t) => {
  const { child, pid, group } = await startOwner(t, 'end');
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  t.equal(code, 0);
  await eventually('the server is gone', () => !isAlive(pid) && !isAlive(-group));
});

t.test('Ctrl-C in the terminal of the owner leaves the server to the owner, who drains first', async (t) => {
  const { child, lines, pid } = await startOwner(t, 'linger');
  const said = once(lines, 'line');
  // What a terminal does: the signal goes to every process of the foreground group.
  process.kill(-(child.pid ?? 0), 'SIGINT');
  t.same(await said, ['it still answers']);
  if (child.exitCode === null) await once(child, 'exit');
  await eventually('the server is gone', () => !isAlive(pid));
});

t.test('a port in use is named', async (t) => {
  const first = await withNats(t);
  await t.rejects(startNatsServer({ port: first.port }), {
    code: 'PORT_IN_USE',
    message: `nats-server cannot listen on 127.0.0.1:${first.port}: another program does`,
    facts: { port: first.port },
  });
});

t.test('a program that is not there, or is no program, is NATS_SERVER_MISSING and says how to get it', async (t) => {
  const folder = t.testdir({ 'no-program': 'text' });
  const nowhere = join(folder, 'nowhere');
  for (const program of [nowhere, join(folder, 'no-program'), folder]) {
    await t.rejects(startNatsServer({ program }), {
      code: 'NATS_SERVER_MISSING',
      message: /apt-get install nats-server/,
    });
  }
  await t.rejects(findNatsServer(undefined, { SKEP_NATS_SERVER: nowhere }), { message: new RegExp(nowhere) });
  await t.rejects(findNatsServer('no-such-nats-server', { PATH: folder }), {
    code: 'NATS_SERVER_MISSING',
    message: /was not found on the path/,
  });
});

t.test('the program is taken from the option, then SKEP_NATS_SERVER, then the path', async (t) => {
  const folder = t.testdir();
  const names = ['option', 'variable', 'path'];
  for (const name of names) await mkdir(join(folder, name));
  const programs = names.map((name) => join(folder, name, 'nats-server'));
  for (const program of programs) {
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
  }
  const env = { SKEP_NATS_SERVER: programs[1], PATH: join(folder, 'path') };
  t.equal(await findNatsServer(programs[0], env), programs[0]);
  t.equal(await findNatsServer(undefined, env), programs[1]);
  t.equal(await findNatsServer(undefined, { PATH: env.PATH }), programs[2]);
});

t.test('a program that ends at once is an error with the end of its log', async (t) => {
  const program = join(t.testdir(), 'nats-server');
  await writeFile(program, '#!/bin/sh\necho "nats-server: cannot do this"\nexit 3\n');
  await chmod(program, 0o755);
  await t.rejects(startNatsServer({ program }), {
    code: 'TRANSPORT_FAILED',
    message: /ended before it answered: nats-server: cannot do this/,
  });
});

t.test('a server with a token refuses who does not show it, and neither url nor log shows it', async (t) => {
  const storeDir = t.testdir();
  const token = 'correct-horse-battery';
  const server = await withNats(t, { auth: { token }, storeDir });
  t.notMatch(server.url, token);
  await t.rejects(connectServices({ urls: [server.url] }), { code: 'TRANSPORT_FAILED', facts: { reason: 'auth' } });
  const client = await connectServices({ urls: [server.url], token });
  await client.close();
  await server.stop();
  const log = readFileSync(join(storeDir, 'nats-server.log'), 'utf8');
  t.match(log, /Server is ready/);
  t.notMatch(log, token);
});

interface Owner {
  readonly child: ChildProcess;
  readonly lines: Interface;
  /** Of the server. */
  readonly pid: number;
  readonly group: number;
}

async function startOwner(t: { teardown(handler: () => void): void }, mode: 'linger' | 'end'): Promise<Owner> {
  const child = spawn(process.execPath, [owner, mode], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.teardown(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const first: unknown[] = await once(lines, 'line');
  const pid = Number(String(first[0]).split(' ')[0]);
  // An owner that ends at once may have taken the server with it already.
  return { child, lines, pid, group: isAlive(pid) ? groupOf(pid) : pid };
}

/** Process group of a process, as the kernel tells it. */
function groupOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return pid;
  }
}

/** Whether a process (or, negative, a process group) has living members; a zombie that nobody reaps counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return pid < 0 ? membersOf(-pid) > 0 : stateOf(pid) !== 'Z';
}

function membersOf(group: number): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => groupOf(Number(name)) === group && stateOf(Number(name)) !== 'Z').length;
}

function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
  } catch {
    return 'Z';
  }
}
