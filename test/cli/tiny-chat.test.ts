/**
 * The whole way with a real model: llama.cpp in a process of its own runs the tiny model of this repository, asked from the
 * command line, with no server and no configuration, and on a running cluster.
 */
import { copyFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { modelsOf } from '#test/support/cluster-models';
import { nothingLeft, run, start, up } from '#test/support/cli';

const tiny = fileURLToPath(new URL('../../../examples/models/tiny-chat.gguf', import.meta.url));
/** The longer form, by SKEP_ROUNDS: each command loads the model anew, which costs seconds. */
const whole = process.env['SKEP_ROUNDS'] !== undefined;
const question = 'What is an actor?';
const answer = 'An actor has a state, a mailbox, and handlers for calls and casts.';

t.test('a file is asked with no server, no configuration and nothing left behind', async (t) => {
  const cwd = t.testdir({});
  const command = start(['ask', '--model', tiny, '--stats', question], { cwd });
  const { code, stdout, stderr } = await command.done;
  t.equal(code, 0, stderr);
  t.equal(stdout, `${answer}\n`);
  t.match(stderr, /^tiny-chat: \d+ tokens in.*, \d+ out, .*stop$/m);
  await nothingLeft(command);
});

t.test('with a schema the answer is JSON of that schema, whatever the model knows', { skip: !whole }, async (t) => {
  const schema = {
    type: 'object',
    properties: { bee: { type: 'boolean' }, kind: { enum: ['worker', 'queen'] } },
    required: ['bee', 'kind'],
    additionalProperties: false,
  };
  const cwd = t.testdir({ 'bee.json': JSON.stringify(schema) });
  const { code, stdout, stderr } = await run(['ask', '--model', tiny, '--schema', 'bee.json', question], { cwd });
  t.equal(code, 0, stderr);
  const value = JSON.parse(stdout) as { readonly bee: unknown; readonly kind: string };
  t.type(value.bee, 'boolean');
  t.ok(['worker', 'queen'].includes(value.kind), stdout);
});

t.test('what does not fit the context is refused, not cut off', { skip: !whole }, async (t) => {
  const cwd = t.testdir({});
  const args = ['ask', '--model', tiny, '--max-tokens', '100000', question];
  t.match(await run(args, { cwd }), { code: 64, stdout: '', stderr: /CONTEXT_OVERFLOW/ });
});

t.test('Ctrl-C and kill -9 leave no process of the model behind', { skip: !whole }, async (t) => {
  const cwd = t.testdir({});
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    // No stop and many tokens: it is at work when it is interrupted.
    const command = start(['ask', '--model', tiny, '--temperature', '2', '--max-tokens', '1500', 'Go on and on.'], {
      cwd,
    });
    await eventually('the process of the model is there', () => command.processes().length > 1, 30_000);
    command.child.kill(signal);
    const { code } = await command.done;
    t.equal(code, signal === 'SIGINT' ? 130 : null);
    await nothingLeft(command);
  }
});

t.test('check tells what the file is and what it will take; a damaged one is told by what is wrong', async (t) => {
  const cwd = t.testdir({});
  const { stdout, code } = await run(['model', 'check', tiny, '--json'], { cwd });
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    architecture: 'llama',
    vocabulary: 512,
    hasChatTemplate: true,
    checked: 'tensors',
    fits: true,
    estimate: { totalBytes: Number, contextTokens: Number },
  });
  t.match((await run(['model', 'check', tiny], { cwd })).stdout, /^memory +\d+ MB for 4 sequences of \d+ tokens$/m);
  copyFileSync(tiny, join(cwd, 'torn.gguf'));
  truncateSync(join(cwd, 'torn.gguf'), 100_000);
  t.match(await run(['model', 'check', 'torn.gguf'], { cwd }), { code: 66, stderr: /MODEL_FILE_BAD: .*torn\.gguf/ });
  t.match(await run(['ask', '--model', 'torn.gguf', 'x'], { cwd }), { code: 66, stderr: /MODEL_FILE_BAD/ });
});

t.test('bench measures level by level', { skip: !whole }, async (t) => {
  const args = ['model', 'bench', tiny, '--sequences', '2', '--tokens', '8', '--rounds', '1', '--json'];
  const { stdout, code, stderr } = await run(args, { cwd: t.testdir({}) });
  t.equal(code, 0, stderr);
  const { levels } = JSON.parse(stdout) as { readonly levels: readonly { readonly tokensPerSecond: number }[] };
  t.match(levels, [
    { sequences: 1, answers: 1, gain: 1 },
    { sequences: 2, answers: 2 },
  ]);
  t.ok(
    levels.every(({ tokensPerSecond }) => tokensPerSecond > 0),
    stdout,
  );
});

t.test('on a cluster: two loads at once load once; it is asked, swapped and unloaded', async (t) => {
  const cwd = t.testdir({});
  const skep = (...args: readonly string[]) => run(args, { cwd });
  const cluster = await up(t, ['--nodes', '1'], { cwd });
  const list = await modelsOf(t, cluster);
  const before = cluster.processes().length;
  const loads = await Promise.all([skep('model', 'load', tiny, '--json'), skep('model', 'load', tiny, '--json')]);
  for (const { code, stderr } of loads) t.equal(code, 0, stderr);
  const [one, other] = loads.map(({ stdout }) => (JSON.parse(stdout) as { readonly address: string }).address);
  t.ok(one);
  t.equal(one, other, 'the same actor');
  t.match(await skep('ask', '--model', 'tiny-chat', question), { code: 0, stdout: `${answer}\n` });
  const models = await list();
  t.match(models, [{ name: 'tiny-chat', node: 'node-1', backend: 'llama', state: 'ready', slots: 4 }]);
  t.equal(models.length, 1);

  copyFileSync(tiny, join(cwd, 'other.gguf'));
  t.match(await skep('model', 'swap', 'tiny-chat', 'other.gguf'), { code: 0, stdout: /^tiny-chat on node-1 is now/ });
  t.match(await skep('ask', '--model', 'tiny-chat', question), { code: 0, stdout: `${answer}\n` });

  t.match(await skep('model', 'unload', 'tiny-chat'), { code: 0 });
  t.match(await list(), [{ state: 'absent', running: 0 }]);
  await eventually('its process is gone', () => cluster.processes().length <= before, 30_000);
});
