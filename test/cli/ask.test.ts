/**
 * `skep ask` as a person runs it, in a process of its own: its answer streams, an interrupt ends the request at the model,
 * and whatever goes wrong has a code. The model is an API in the test's process, so that the test decides when each part
 * leaves and sees when the asker hangs up.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '#test/support/eventually';
import { nothingLeft, run, start } from '#test/support/cli';
import { modelConfig, withModelServer } from '#test/support/model-server';

/** The longer form, by SKEP_ROUNDS: each command is a process of its own. */
const whole = process.env['SKEP_ROUNDS'] !== undefined;

t.test('an answer is printed part by part as it comes, and ends its line', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server) });
  const command = start(['ask', '--system', 'Be brief.', '--max-tokens', '9', '--stats', 'Who are you?'], { cwd });
  const request = await server.request(0);
  t.match(request.body, {
    model: 'test-model',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Who are you?' },
    ],
  });
  for (const [piece, all] of [
    ['A bee', /^A bee$/],
    [' hive', /^A bee hive$/],
    ['.', /^A bee hive\.$/],
  ] as const) {
    request.send(piece);
    await command.waitFor(all);
  }
  request.end();
  const { code, stdout, stderr } = await command.done;
  t.equal(code, 0, stderr);
  t.equal(stdout, 'A bee hive.\n');
  t.match(stderr, /^remote: 11 tokens in, 3 out, .*first token .*stop$/m);
});

t.test('--json gives the whole answer with its figures, and nothing before', async (t) => {
  const server = await withModelServer(t);
  server.answer = (request) => {
    request.send('{"name":"Ada"}');
    request.end();
  };
  const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server), 'person.json': JSON.stringify(schema) });
  const { code, stdout } = await run(['ask', '--schema', 'person.json', '--json', 'Ada, 1815'], { cwd });
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    model: 'remote',
    text: '{"name":"Ada"}',
    finish: 'stop',
    usage: { input: 11, output: 1 },
    timing: { queueMs: Number, prefillMs: Number, decodeMs: Number },
  });
  t.match(JSON.stringify(server.requests[0]?.body), '"json_schema"');
});

t.test('"-" asks what standard input holds', async (t) => {
  const server = await withModelServer(t);
  server.answer = (request) => {
    request.send('ok');
    request.end();
  };
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server), 'long.txt': 'a line\nanother\n' });
  const command = start(['ask', '-'], { cwd, stdin: join(cwd, 'long.txt') });
  t.match(await command.done, { code: 0, stdout: 'ok\n' });
  t.match(server.requests[0]?.body, { messages: [{ role: 'user', content: 'a line\nanother\n' }] });
});

t.test('Ctrl-C in the middle of an answer hangs up at the model, and ends with 130', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server) });
  const command = start(['ask', 'Tell a long story.'], { cwd });
  const request = await server.request(0);
  request.send('Once');
  await command.waitFor(/^Once$/);
  const pressedMs = performance.now();
  command.child.kill('SIGINT');
  await eventually('the request is hung up', () => request.hungUp());
  t.comment(`hung up ${Math.round(performance.now() - pressedMs)} ms after Ctrl-C`);
  const { code, stdout, stderr } = await command.done;
  t.equal(code, 130);
  t.equal(stdout, 'Once\n', 'the line is ended');
  t.match(stderr, /interrupted/);
  await nothingLeft(command);
});

t.test('Ctrl-C before the first token does as well', { skip: !whole }, async (t) => {
  const server = await withModelServer(t);
  const command = start(['ask', 'x'], { cwd: t.testdir({ 'skep.yaml': modelConfig(server) }) });
  const request = await server.request(0);
  command.child.kill('SIGINT');
  await eventually('the request is hung up', () => request.hungUp());
  t.match(await command.done, { code: 130, stdout: '' });
});

t.test('a reader that leaves ends the request: nobody pays for words that nobody reads', async (t) => {
  const server = await withModelServer(t);
  const command = start(['ask', 'x'], { cwd: t.testdir({ 'skep.yaml': modelConfig(server) }) });
  const request = await server.request(0);
  request.send('first');
  await command.waitFor(/first/);
  command.child.stdout?.destroy();
  await eventually('the request is hung up', () => {
    if (!request.hungUp()) request.send(' more');
    return request.hungUp();
  });
  t.equal((await command.done).code, 0);
});

t.test('an answer that was cut off says so; one that was withheld ends with 1', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server) });
  server.answer = (request) => {
    request.send('half');
    request.end('length');
  };
  t.match(await run(['ask', 'x'], { cwd }), { code: 0, stdout: 'half\n', stderr: /cut off .*--max-tokens/ });
  server.answer = (request) => request.end('content_filter');
  t.match(await run(['ask', 'x'], { cwd }), { code: 1, stderr: /withheld/ });
});

t.test('each mistake has its code, its exit code and what to do', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({
    'skep.yaml': modelConfig(server),
    'list.json': '[]',
    'half.json': '{"type":',
    'no.gguf': 'no',
    empty: {},
  });
  const cases: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
    [['ask', '--model', 'other', 'x'], 64, /UNKNOWN_MODEL: .*"other".*remote/],
    [['ask', '--model', 'no.gguf', 'x'], 66, /MODEL_FILE_BAD: /],
    [['ask', '--schema', 'half.json', 'x'], 64, /BAD_USAGE: .*not valid JSON/],
    [['ask', '--temperature', '3', 'x'], 64, /number from 0 to 2/],
    [['ask', '--model', 'q2.5', 'x'], 64, /BAD_USAGE: "q2\.5" is neither/],
    [['ask', ' '], 64, /BAD_USAGE: the question is empty/],
    [['ask', '--max-tokens', '0', 'x'], 64, /whole number from 1/],
    [['ask', '--schema', 'none.json', 'x'], 66, /PATH_UNREADABLE: .*none\.json.*ENOENT/],
    [['ask', '--schema', 'list.json', 'x'], 64, /BAD_USAGE: .*no JSON object/],
    [['ask', '--model', './none.gguf', 'x'], 66, /PATH_UNREADABLE: .*none\.gguf.*ENOENT/],
    [['ask', '--cluster', 'demo', 'x'], 69, /NO_CLUSTER/],
  ];
  for (const [args, code, says] of whole ? cases : cases.slice(0, 3)) {
    const ended = await run(args, { cwd });
    t.equal(ended.code, code, `skep ${args.join(' ')}: ${ended.stderr}`);
    t.match(ended.stderr, says);
    t.notMatch(ended.stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace');
  }
  t.same(server.requests, [], 'none of them reached the model');
  t.match(await run(['ask', 'x'], { cwd: join(cwd, 'empty') }), {
    code: 64,
    stderr: /UNKNOWN_MODEL: no model is named/,
  });
});

t.test('what the provider refuses is told by its words, and a key never is', async (t) => {
  const server = await withModelServer(t);
  const cwd = t.testdir({ 'skep.yaml': modelConfig(server, 'remote', { key: { env: 'TEST_KEY' } }) });
  server.answer = (request) => request.refuse(401, `the key ${String(request.headers.authorization)} is wrong`);
  const { code, stderr, stdout } = await run(['ask', 'x'], { cwd, env: { TEST_KEY: 'sk-hunter2hunter2' } });
  t.equal(code, 69, stderr);
  t.match(stderr, /PROVIDER_REFUSED/);
  t.notMatch(stderr + stdout, 'hunter2');
  const unset = await run(['ask', 'x'], { cwd });
  t.not(unset.code, 0);
  t.match(unset.stderr, /TEST_KEY/);
});

t.test(
  'what would steer a terminal stays in the answer where nobody looks at a terminal',
  { skip: !whole },
  async (t) => {
    const server = await withModelServer(t);
    server.answer = (request) => {
      request.send('a\u001b[31mb');
      request.end();
    };
    const cwd = t.testdir({});
    writeFileSync(join(cwd, 'skep.yaml'), modelConfig(server));
    t.equal((await run(['ask', 'x'], { cwd })).stdout, 'a\u001b[31mb\n');
  },
);
