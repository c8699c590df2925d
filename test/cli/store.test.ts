/** What actors of a running cluster persist is in the data folder of their node, and outlives the node's process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { run, up } from '#test/support/cli';
import { eventually } from '#test/support/eventually';

const runtime = pathToFileURL(join(import.meta.dirname, '../../runtime/index.js')).href;
const tally = `
import { defineActor } from ${JSON.stringify(runtime)};
export const tally = defineActor({
  name: 'tally',
  init: (_args) => ({ count: 0 }),
  persistence: { key: ({ key }) => key, apply: (state, event) => { state.count += event.by; } },
  calls: {
    add: async (state, { by }, ctx) => { await ctx.persist({ by }); return state.count; },
    get: (state) => state.count,
  },
});
`;

t.test('kill -9 of a node of a cluster: its next life reads back what its actors persisted', async (t) => {
  const cwd = t.testdir({});
  writeFileSync(join(cwd, 'tally.mjs'), tally);
  const skep = (...args: readonly string[]) => run(args, { cwd });
  await up(t, ['--nodes', '1', '--module', 'tally.mjs'], { cwd });
  const pidNow = async (): Promise<number | undefined> => {
    const { stdout, code } = await skep('status', '--json');
    if (code !== 0) return undefined;
    const [node] = (JSON.parse(stdout) as { nodes: readonly { pid: number }[] }).nodes;
    return node?.pid;
  };
  const spawn = async (): Promise<void> => {
    const { code, stderr } = await skep('spawn', 'tally', '--name', 'votes', '--args', '{"key":"votes"}');
    t.equal(code, 0, stderr);
  };
  await spawn();
  t.equal((await skep('call', 'votes', 'add', '{"by":3}')).stdout, '3\n');
  t.equal((await skep('call', 'votes', 'add', '{"by":4}')).stdout, '7\n');
  const first = await pidNow();
  t.ok(first);
  process.kill(first ?? 0, 'SIGKILL');
  await eventually(
    'another process is in its place',
    async () => {
      const pid = await pidNow();
      return pid !== undefined && pid !== first;
    },
    60_000,
  );
  await spawn();
  t.equal((await skep('call', 'votes', 'get')).stdout, '7\n', 'every acknowledged vote is there');
});

t.test('a cluster without a store refuses actors that need one, and says what to do', async (t) => {
  const cwd = t.testdir({});
  writeFileSync(join(cwd, 'tally.mjs'), tally);
  await up(t, ['--nodes', '1', '--module', 'tally.mjs'], { cwd, env: { SKEP_STORE_SYNC: 'off' } });
  const { code, stderr } = await run(['spawn', 'tally', '--args', '{"key":"votes"}'], { cwd });
  t.equal(code, 1);
  t.match(stderr, /INIT_FAILED: init of tally failed: tally persists, and the node has no store/);
});
