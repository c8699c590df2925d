/** Contenders in processes: their answers, and each way in which a process can let the harness down. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startProgram } from '#bench/harness/process';
import { Absent, type Running } from '#bench/harness/question';

const program = fileURLToPath(new URL('../../../test/testdata/bench/program.mjs', import.meta.url));

function start(way: string, signal = new AbortController().signal): Promise<Running> {
  const known = { command: process.execPath, args: [program, way], remedy: 'install it' };
  return startProgram(known, { messages: 40 }, { signal });
}

t.test('a program gets its size at the start and at each run, and its answer comes back with its names', async (t) => {
  const running = await start('works');
  t.equal(running.version, '1.2.3');
  t.same(await running.run({ messages: 7 }), { ms: 2.5, operations: 7, 'p50 us': 40 });
  await running.stop();
});

t.test('a program that dies in a run fails it, with its exit code and its last words', async (t) => {
  const running = await start('dies');
  await t.rejects(running.run({ messages: 1 }), /ended with 7\n {2}library says hello\n {2}the last words/);
  await running.stop();
});

t.test('a program that says that it failed fails the run', async (t) => {
  const running = await start('fails');
  await t.rejects(running.run({ messages: 1 }), /failed Error: it did not work/);
  await running.stop();
});

t.test('a program that this machine lacks is absent: by its command or by its own word', async (t) => {
  await t.rejects(start('absent'), new Absent('nothing here'));
  const signal = new AbortController().signal;
  const missing = startProgram({ command: 'no-such-program', args: [], remedy: 'install it' }, {}, { signal });
  await t.rejects(missing, new Absent('install it'));
});

t.test('an interruption ends the process and its children at once', async (t) => {
  const interrupted = new AbortController();
  const running = await start('works', interrupted.signal);
  const count = (): number =>
    spawnSync('pgrep', ['-f', `${program} works messages=40`], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .filter(Boolean).length;
  t.equal(count(), 1);
  interrupted.abort();
  await running.stop();
  t.equal(count(), 0);
});
