/** The end of a node: terminate runs everywhere, in order, and the process ends by itself. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ActorSystem } from '#runtime';
import t from 'tap';
import { threadSystem } from '../support.js';

const script = fileURLToPath(new URL('../../testdata/shutdown-script.js', import.meta.url));

for (const executors of ['0', '2']) {
  t.test(
    `with ${executors} executors a shutdown runs every terminate, children first, and leaves nothing open`,
    async (t) => {
      const file = join(t.testdir(), 'diary.txt');
      // Rejects when the process ends with another code than 0 or has to be killed.
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, executors, file], {
        timeout: 30_000,
      });
      t.equal(stdout, 'down\n');
      t.equal(stderr, '');
      const lines = (await readFile(file, 'utf8')).trim().split('\n');
      t.same(lines, ['three-child', 'three', 'two-child', 'two', 'one-child', 'one']);
    },
  );
}

t.test('a system whose module is missing or broken does not start, and leaves no threads', async (t) => {
  const module = new URL('../../testdata/actors/not-there.js', import.meta.url).href;
  for (const executors of [0, 2]) {
    await t.rejects(
      ActorSystem.create({ executors, modules: [module], log: { level: 'silent', format: 'json' } }),
      /not-there/,
      `${executors} executors`,
    );
  }
});

t.test('options that no system can have are refused by name', async (t) => {
  const refused = (options: Parameters<typeof ActorSystem.create>[0], code: string) =>
    t.rejects(ActorSystem.create(options), { code }, JSON.stringify(options));
  await refused({ node: 'a b' }, 'BAD_NAME');
  await refused({ node: 'x'.repeat(65) }, 'BAD_NAME');
  await refused({ node: 'a', incarnation: '*' }, 'BAD_NAME');
  await refused({ executors: -1 }, 'BAD_CONFIG');
  await refused({ executors: 1.5 }, 'BAD_CONFIG');
  await refused({ executors: 1_000 }, 'BAD_CONFIG');
  await refused(
    { executors: 1, clock: { now: () => 0, wall: () => 0, after: () => ({ cancel: () => {} }) } },
    'BAD_CONFIG',
  );
});

t.test('after a shutdown calls fail at once', async (t) => {
  const system = await threadSystem(t, ['probe']);
  await system.shutdown();
  await t.rejects(system.lookupAddress('n'), { code: 'ACTOR_STOPPED' });
});
