/** `skep reload` on a running cluster: a file changes on disk, and the actors that live on it go on with the new code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { requestApi } from '#cluster/spawn/client';
import { connectServices } from '#cluster/transport/connect';
import { run, up } from '#test/support/cli';
import { eventually } from '#test/support/eventually';
import { writeTally } from '../runtime/tally-module.js';

/** What `skep reload --json` prints. */
interface Reloaded {
  readonly nodes: readonly {
    readonly node: string;
    readonly report?: { readonly definitions: readonly Record<string, unknown>[] };
    readonly error?: { readonly code: string };
  }[];
}

const migrate = 'migrate: (old) => ({ count: old.count + 1_000_000 }),';

t.test('a module that changed on disk is reloaded under load: new code, old state, no message lost', async (t) => {
  const cwd = t.testdir({});
  writeTally(cwd, { version: 1, greeting: 'hello' });
  const skep = (...args: readonly string[]) => run(args, { cwd });
  const reload = async (...args: readonly string[]): Promise<Reloaded> => {
    const { stdout, stderr, code } = await skep('reload', 'tally.mjs', '--json', ...args);
    t.equal(code, 0, stderr);
    return JSON.parse(stdout) as Reloaded;
  };
  await up(t, ['--nodes', '2', '--module', 'tally.mjs'], { cwd });
  const { url } = JSON.parse(readFileSync(join(cwd, '.skep/default/run.json'), 'utf8')) as { url: string };
  for (const node of ['node-1', 'node-2'])
    t.equal((await skep('spawn', 'tally', '--name', `on-${node}`, '--node', node, '--executor', '1')).code, 0);

  const services = await connectServices({ urls: [url], name: 'load' });
  t.teardown(() => services.close());
  let stop = false;
  let answered = 0;
  const load = ['node-1', 'node-2'].map(async (node) => {
    let last = 0;
    let sent = 0;
    for (; !stop; sent += 1) {
      const request = { name: `on-${node}`, node, call: 'add', message: 1 };
      last = ((await requestApi(services, 'default', 'call', request, 10_000)) as { reply: number }).reply;
      answered += 1;
    }
    return { last, sent };
  });
  await eventually('the load runs', () => answered > 100, 30_000);
  writeTally(cwd, { version: 2, greeting: 'bonjour', more: migrate });

  const first = await reload('--node', 'node-2');
  t.match(first.nodes, [
    { node: 'node-2', report: { definitions: [{}, { name: 'tally', version: 2, change: 'upgraded' }] } },
  ]);
  t.match(
    (await skep('call', 'on-node-1', 'greet', '--node', 'node-1')).stdout,
    /^"?hello \d+/,
    'the other node goes on as it was',
  );
  t.match((await skep('call', 'on-node-2', 'greet', '--node', 'node-2')).stdout, /^"?bonjour 1\d{6}/);
  const both = await reload();
  const changes = new Map(both.nodes.map(({ node, report }) => [node, report?.definitions[1]?.['change']]));
  t.equal(changes.get('node-1'), 'upgraded');
  t.equal(changes.get('node-2'), 'unchanged');
  const until = answered + 100;
  await eventually('the load runs on', () => answered > until, 30_000);
  stop = true;
  for (const { last, sent } of await Promise.all(load))
    t.equal(last, sent + 1_000_000, `each of ${sent} calls was answered and counted, over one migration`);

  const told = await reload();
  for (const { report } of told.nodes) t.match(report?.definitions[1], { pending: 0, migrated: 1, failed: 0 });
  const text = await skep('reload', 'tally.mjs', '--node', 'node-1');
  t.match(text.stdout, /^node-1\n.*\n {2}tally version 2 unchanged; actors: 0 to migrate, 1 migrated, 0 failed\n$/);
  t.match((await skep('describe', 'tally')).stdout, /version 2/);
  t.notMatch((await skep('describe', 'tally')).stdout, /version 1/, 'what is superseded cannot be spawned any more');

  await t.test('what is wrong is named, with its exit code, and changes nothing', async (t) => {
    t.match(await skep('reload', 'counter.mjs'), {
      code: 64,
      stdout: /node-1 UNKNOWN_MODULE: no module of node node-1 is .*counter.mjs.*tally\.mjs/,
    });
    t.match(await skep('reload', 'tally.mjs', '--node', 'node-9'), { code: 64, stderr: /NO_SUCH_NODE/ });
    writeTally(cwd, { version: 2, greeting: 'sly', more: migrate });
    t.match(await skep('reload', 'tally.mjs', '--node', 'node-1'), {
      code: 1,
      stderr: /DUPLICATE_DEFINITION: definition tally has changed/,
    });
    const forced = await skep('reload', 'tally.mjs', '--node', 'node-1', '--force');
    t.match(forced.stdout, /tally version 2 replaced; actors: 1 to migrate/, forced.stderr);
    t.match((await skep('call', 'on-node-1', 'greet', '--node', 'node-1')).stdout, /^"?sly 1\d{6}/);
    writeFileSync(join(cwd, 'tally.mjs'), 'export const = 1;');
    const broken = await skep('reload', 'tally.mjs');
    t.match(
      broken,
      { code: 66, stdout: /node-\d MODULE_FAILED: module .*tally\.mjs could not be loaded/ },
      broken.stderr,
    );
    t.match((await skep('call', 'on-node-2', 'greet', '--node', 'node-2')).stdout, /^"?bonjour/);
  });
});
