/** The models of a running cluster from the command line: loaded at the start, asked, watched, unloaded, and left alone. */
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { run, start, up } from '#test/support/cli';
import { modelsOf } from '#test/support/cluster-models';
import { modelConfig, withModelServer } from '#test/support/model-server';
import { REGISTRY } from '#cli/inference/registries';
import { MODELS_NAME } from '#actors/inference/registry';

/** The longer form, by SKEP_ROUNDS: each command is a process of its own. */
const whole = process.env['SKEP_ROUNDS'] !== undefined;

t.equal(REGISTRY, MODELS_NAME);

t.test(
  'a cluster with a model: asked by name over a stream, listed, unloaded and back; its askers may die',
  async (t) => {
    const server = await withModelServer(t);
    const cwd = t.testdir({ 'skep.yaml': modelConfig(server, 'remote', { connections: 1 }) });
    const skep = (...args: readonly string[]) => run(args, { cwd });
    const models = await modelsOf(t, await up(t, ['--nodes', '1'], { cwd }));

    await t.test('the node loads it at its start, and lists it', async (t) => {
      await eventually('it is ready', async () => (await models())[0]?.state === 'ready', 30_000);
      t.match(await models(), [
        { name: 'remote', node: 'node-1', backend: 'openai', state: 'ready', slots: 1, running: 0 },
      ]);
      t.match((await skep('model', 'list')).stdout, /^MODEL +NODE +STATE[^]*^remote +node-1 +ready +openai/m);
    });

    await t.test('an answer streams across the cluster part by part', async (t) => {
      const command = start(['ask', '--model', 'remote', 'Who?'], { cwd });
      const request = await server.request(0);
      request.send('one');
      await command.waitFor(/^one$/);
      request.send(' two');
      await command.waitFor(/^one two$/);
      request.end();
      t.match(await command.done, { code: 0, stdout: 'one two\n' });
    });

    await t.test('Ctrl-C ends the request at the model, and leaves its slot free', async (t) => {
      const command = start(['ask', 'long'], { cwd });
      const request = await server.request(1);
      request.send('begun');
      await command.waitFor(/begun/);
      command.child.kill('SIGINT');
      await eventually('the request is hung up', () => request.hungUp());
      t.equal((await command.done).code, 130);
      await eventually('nothing runs', async () => (await models())[0]?.running === 0);
    });

    await t.test(
      'kill -9 of the asker in the middle of an answer: its request ends, and the next one is answered',
      async (t) => {
        const killed = start(['ask', 'long'], { cwd });
        const request = await server.request(2);
        request.send('begun');
        await killed.waitFor(/begun/);
        killed.child.kill('SIGKILL');
        await killed.done;
        // The only connection: this one waits until the dead asker's is free.
        const next = start(['ask', 'short'], { cwd });
        await eventually('the request of the dead is hung up', () => request.hungUp(), 30_000);
        const second = await server.request(3);
        second.send('alive');
        second.end();
        t.match(await next.done, { code: 0, stdout: 'alive\n' });
        await eventually('nothing runs', async () => (await models())[0]?.running === 0);
      },
    );

    await t.test('unloaded it is listed as absent, and comes back when it is asked', async (t) => {
      t.match(await skep('model', 'unload', 'remote'), { code: 0, stdout: 'remote is unloaded on node-1\n' });
      t.equal((await models())[0]?.state, 'absent');
      const command = start(['ask', 'x'], { cwd });
      const request = await server.request(4);
      request.send('back');
      request.end();
      t.match(await command.done, { code: 0, stdout: 'back\n' });
      t.match(await skep('model', 'load', 'remote', '--json'), { code: 0, stdout: /"node": "node-1"/ });
    });

    await t.test('mistakes have their codes', async (t) => {
      t.match(await skep('ask', '--model', 'other', 'x'), { code: 64, stderr: /UNKNOWN_MODEL.*"other".*remote/ });
      t.match(await skep('model', 'unload', 'other'), { code: 64, stderr: /UNKNOWN_MODEL/ });
      t.match(await skep('model', 'load', 'other'), { code: 64, stderr: /UNKNOWN_MODEL/ });
      t.match(await skep('model', 'load', join(cwd, 'none.gguf')), { code: 66, stderr: /PATH_UNREADABLE/ });
      t.match(await skep('model', 'list', '--node', 'node-9'), { code: 64, stderr: /NO_SUCH_NODE/ });
    });

    await t.test('top and metrics show it', async (t) => {
      t.match((await skep('metrics')).stdout, /^skep_model_num_requests_running\{.*model_name="remote".*\} 0$/m);
      t.match((await skep('top', '--once', '--interval', '0.2')).stdout, /^MODEL .*RUNNING[^]*^remote@node-1 /m);
    });
  },
);

t.test('a cluster without models has none to list, and asking says what to do', { skip: !whole }, async (t) => {
  const cwd = t.testdir({});
  await up(t, ['--nodes', '1'], { cwd });
  t.match(await run(['model', 'list'], { cwd }), { code: 0, stdout: 'no models\n' });
  t.match(await run(['ask', 'x'], { cwd }), {
    code: 64,
    stderr: /UNKNOWN_MODEL: there is no model on cluster default/,
  });
  t.match(await run(['model', 'load', 'x'], { cwd }), { code: 64, stderr: /UNKNOWN_MODEL/ });
});
