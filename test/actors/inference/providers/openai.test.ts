/**
 * The API of OpenAI as llama-server, vLLM, Ollama and OpenAI itself speak it: the form of each request, held against a
 * strict schema of the reference, and the deviations that are known, each read from the stream that shows it.
 */
import { type AddressInfo, createServer } from 'node:net';
import { openOpenAi } from '#actors/inference/providers/openai';
import type { ToolSpec } from '#protocols/wire/inference';
import { chatRequest, chunk, data, done, openAiEntry, openai, usageChunk } from '#test/support/providers/openai';
import { type Reply, plain, providerServer, stream } from '#test/support/providers/server';
import { askedOf, endOf, eventsOf, quick, textOf, work } from '#test/support/providers/speaker';
import t from 'tap';

const find: ToolSpec = {
  name: 'find',
  description: 'Finds things.',
  parameters: { type: 'object', properties: { what: { type: 'string' } } },
};

/** A whole answer of one piece, with this chunk of usage. */
function answerWith(piece: string, usage: string): Reply {
  return stream(chunk({ content: piece }) + chunk({}, 'stop') + usage + done);
}

t.test('a request has the form of the reference, with nothing that was not asked for', async (t) => {
  const { body } = await askedOf(t, openai, openai.answer(['a']));
  t.same(chatRequest.parse(body), {
    model: 'test-model',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 64,
    temperature: 0,
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
});

t.test('a conversation with tools, sampling and a schema keeps all of it', async (t) => {
  const call = { id: 'c1', name: 'find', arguments: { what: 'bees' } };
  const { body } = await askedOf(
    t,
    openai,
    openai.answer(['{}']),
    work({
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Find bees.' },
        { role: 'assistant', content: '', toolCalls: [call] },
        { role: 'tool', toolCallId: 'c1', content: 'three' },
        { role: 'assistant', content: 'Three.' },
        { role: 'user', content: 'As JSON.' },
      ],
      temperature: 0.5,
      topK: 20,
      topP: 0.9,
      minP: 0.1,
      seed: 7,
      stop: ['END'],
      tools: [find],
      toolChoice: { name: 'find' },
      schema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'], additionalProperties: false },
    }),
  );
  t.match(chatRequest.parse(body), {
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Find bees.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"what":"bees"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'three' },
      { role: 'assistant', content: 'Three.' },
      { role: 'user', content: 'As JSON.' },
    ],
    temperature: 0.5,
    top_k: 20,
    top_p: 0.9,
    min_p: 0.1,
    seed: 7,
    stop: ['END'],
    tools: [{ type: 'function', function: find }],
    tool_choice: { type: 'function', function: { name: 'find' } },
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true } },
  });
});

t.test('a schema that the strict mode does not take is sent without it', async (t) => {
  const open = { type: 'object', properties: { n: { type: 'number' } } };
  const { body } = await askedOf(t, openai, openai.answer(['{}']), work({ schema: open }));
  t.match(body['response_format'], { json_schema: { strict: false, schema: open } });
});

t.test('a structured answer that is no JSON is an error', async (t) => {
  const server = await providerServer(t, stream(openai.answer(['Sure! ', '{"n":'])));
  const answer = eventsOf(await openai.open(server.origin), work({ schema: { type: 'object' } }));
  await t.rejects(answer, { code: 'BAD_ANSWER', facts: { sample: 'Sure! {"n":' } });
});

t.test('a prompt goes to plain completions, without a template', async (t) => {
  const text = data({ choices: [{ index: 0, text: 'upon ', finish_reason: null }] });
  const end = data({ choices: [{ index: 0, text: 'a time', finish_reason: 'length' }] });
  const { events, body, seen } = await askedOf(
    t,
    openai,
    text + end + usageChunk(2, 4) + done,
    work({ prompt: 'Once' }),
  );
  t.equal(seen[0]?.path, '/v1/completions');
  t.match(body, { prompt: 'Once', max_tokens: 64 });
  t.notOk('messages' in body);
  t.equal(textOf(events), 'upon a time');
  t.match(endOf(events), { finish: 'length', usage: { input: 2, output: 4 } });
  const tools = eventsOf(await openai.open('http://127.0.0.1:1'), work({ prompt: 'Once', tools: [find] }));
  await t.rejects(tools, { code: 'BAD_MESSAGE' });
});

t.test('usage: with what was cached; without any it is estimated, and learned from', async (t) => {
  const cached = await askedOf(t, openai, openai.beginning(['a']) + chunk({}, 'stop') + usageChunk(100, 3, 64) + done);
  t.same(endOf(cached.events).usage, { input: 100, cached: 64, output: 3 });
  const long = 'word '.repeat(200);
  const without = await askedOf(t, openai, openai.answer([long, long]));
  const { usage } = endOf(without.events);
  t.ok(usage.input > 3 && usage.input < 20, `${usage.input} for a short prompt`);
  t.ok(usage.output > 250 && usage.output < 800, `${usage.output} for 400 words`);
  const told = without.events.reduce((sum, event) => sum + (event.type === 'text' ? event.tokens : 0), 0);
  t.equal(told, usage.output, 'the tokens of the parts are those of the whole');

  const server = await providerServer(t, stream(openai.answer(['a'], { input: 5_000, output: 1 })));
  const backend = await openai.open(server.origin);
  const request = work({ messages: [{ role: 'user', content: long }] });
  const before = await backend.countPrompt(request);
  for (let answer = 0; answer < 5; answer += 1) await eventsOf(backend, request);
  const after = await backend.countPrompt(request);
  t.ok(after > 2 * before, `${before} before, ${after} after a provider that counts more`);
});

t.test('the tokens of parts follow what the provider counts; tokens that it does not show are left out', async (t) => {
  const piece = 'word '.repeat(100);
  const usage = (hidden: number): string =>
    data({
      choices: [],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 300 + hidden,
        completion_tokens_details: { reasoning_tokens: hidden },
      },
    });
  const server = await providerServer(t, ...[0, 5_000].map((hidden) => answerWith(piece, usage(hidden))));
  const backend = await openai.open(server.origin);
  const tokensOf = async (): Promise<number> => {
    const [first] = await eventsOf(backend);
    return first?.type === 'text' ? first.tokens : 0;
  };
  const untaught = await tokensOf();
  for (let answer = 0; answer < 20; answer += 1) await tokensOf();
  const taught = await tokensOf();
  t.ok(untaught < 150, `${untaught} before`);
  t.ok(taught > 270 && taught < 330, `${taught} where the provider counts 300`);
});

t.test('thoughts are no text of the answer', async (t) => {
  const thoughts = chunk({ reasoning_content: 'hm' }) + chunk({ reasoning: 'hm' }) + chunk({ content: null });
  const { events } = await askedOf(t, openai, thoughts + openai.answer(['yes']));
  t.equal(textOf(events), 'yes');
});

t.test('each reason to finish', async (t) => {
  const finish = async (reason: string, delta: object = {}): Promise<string> =>
    endOf((await askedOf(t, openai, chunk(delta) + chunk({}, reason) + done)).events).finish;
  t.equal(await finish('stop'), 'stop');
  t.equal(await finish('length'), 'length');
  t.equal(await finish('content_filter'), 'refusal');
  t.equal(await finish('stop', { refusal: 'I will not.' }), 'refusal');
  await t.rejects(askedOf(t, openai, chunk({}, 'abort') + done), { code: 'PROVIDER_FAILED' }, 'vLLM, when it gives up');
});

t.test('a refusal is an answer: it is asked for once', async (t) => {
  const { events, seen } = await askedOf(t, openai, chunk({ refusal: 'I will not.' }) + chunk({}, 'stop') + done);
  t.equal(textOf(events), 'I will not.');
  t.equal(seen.length, 1);
});

t.test('a stream may end without [DONE], and with it go on: neither is waited for', async (t) => {
  const bare = await askedOf(t, openai, chunk({ content: 'a' }) + chunk({}, 'stop'));
  t.equal(endOf(bare.events).finish, 'stop');
  const server = await providerServer(t, stream(openai.answer(['b']), { then: 'stall' }));
  t.equal(textOf(await eventsOf(await openai.open(server.origin))), 'b');
});

t.test('llama-server: comments, its field of errors, and its refusal of a long prompt', async (t) => {
  const comments = `: ping\n\n${openai.answer(['a']).replaceAll('\n', '\r\n')}`;
  t.equal(textOf((await askedOf(t, openai, comments)).events), 'a');
  const failing = askedOf(
    t,
    openai,
    `${openai.beginning(['a'])}error: {"code":500,"message":"slot lost","type":"server_error"}\n\n`,
  );
  await t.rejects(failing, { code: 'PROVIDER_FAILED', message: /slot lost/ });
  const message = 'request (9 tokens) exceeds the available context size (8 tokens), try increasing it';
  const refusal = { error: { code: 400, message, type: 'exceed_context_size_error', n_prompt_tokens: 9, n_ctx: 8 } };
  const server = await providerServer(t, plain(400, refusal));
  await t.rejects(eventsOf(await openai.open(server.origin)), { code: 'CONTEXT_OVERFLOW' });
  t.equal(server.seen.length, 1);
});

t.test('a field that a server does not take is sent in its other form, once for all', async (t) => {
  const refusal = (param: string, message: string): object => ({
    error: { message, type: 'invalid_request_error', param, code: 'unsupported_parameter' },
  });
  const server = await providerServer(
    t,
    plain(400, refusal('max_tokens', "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")),
    plain(400, refusal('temperature', "Unsupported value: 'temperature' does not support 0 with this model.")),
    plain(400, { detail: [{ loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }] }),
    stream(openai.answer(['fine'])),
  );
  const backend = await openai.open(server.origin);
  t.equal(textOf(await eventsOf(backend)), 'fine');
  t.equal(server.seen.length, 4);
  await eventsOf(backend);
  t.equal(server.seen.length, 5, 'the next request is right at once');
  const body = chatRequest.parse(server.seen[4]?.body);
  t.match(body, { max_completion_tokens: 64 });
  t.notOk('temperature' in body || 'stream_options' in body || 'max_tokens' in body);
});

t.test('a server that takes neither form is asked for each once', async (t) => {
  const server = await providerServer(t, (response, seen) => {
    const [param] = Object.keys(seen.body).filter((name) => name.startsWith('max_'));
    const error = { message: `Unsupported parameter: '${param}'`, type: 'x', code: 'unsupported_parameter', param };
    return plain(400, { error })(response, seen);
  });
  await t.rejects(eventsOf(await openai.open(server.origin)), { code: 'PROVIDER_REFUSED' });
  t.equal(server.seen.length, 2);
});

t.test('what the asker chose is never changed', async (t) => {
  const message = "Unsupported value: 'temperature' does not support 0.3 with this model.";
  const server = await providerServer(
    t,
    plain(400, { error: { message, param: 'temperature', type: 'x', code: 'y' } }),
  );
  const answer = eventsOf(await openai.open(server.origin), work({ temperature: 0.3 }));
  await t.rejects(answer, { code: 'PROVIDER_REFUSED', message: /does not support 0\.3/ });
  t.equal(server.seen.length, 1);
});

t.test('an empty account is not waited for', async (t) => {
  const error = { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' };
  const server = await providerServer(t, plain(429, { error }, { 'retry-after': '1' }));
  await t.rejects(eventsOf(await openai.open(server.origin)), { code: 'PROVIDER_REFUSED', facts: { status: 429 } });
  t.equal(server.seen.length, 1);
});

t.test('embeddings come in the order of their texts', async (t) => {
  const row = (index: number, embedding: readonly number[]): object => ({ object: 'embedding', index, embedding });
  const usage = { prompt_tokens: 5, total_tokens: 5 };
  const full = { object: 'list', data: [row(1, [3, 4]), row(0, [1, 2])], usage };
  const server = await providerServer(t, plain(500, {}), plain(200, full), plain(200, { data: [row(0, [1])] }));
  const backend = await openOpenAi(openAiEntry(server.origin, { role: 'embedding' }), quick);
  t.equal(backend.info.embeds, true);
  const signal = new AbortController().signal;
  t.same(await backend.embed(['a', 'b'], signal), {
    vectors: [
      [1, 2],
      [3, 4],
    ],
    tokens: 5,
  });
  t.match(server.seen[1], { path: '/v1/embeddings', body: { model: 'test-model', input: ['a', 'b'] } });
  await t.rejects(backend.embed(['a', 'b'], signal), { code: 'BAD_ANSWER', message: /expected 2 embeddings, got 1/ });
  await t.rejects(backend.embed(['a'], AbortSignal.abort()), { code: 'CALL_CANCELLED' });
});

t.test('tokens by the endpoint of llama-server, at the root of the server; elsewhere none are made up', async (t) => {
  const server = await providerServer(t, plain(200, { tokens: [1, 22, 333] }));
  t.same(await (await openai.open(server.origin)).tokenize('a b c'), [1, 22, 333]);
  t.match(server.seen[0], { path: '/tokenize', body: { content: 'a b c', add_special_tokens: false } });
  const other = await providerServer(t, plain(404, { error: { message: 'Invalid URL' } }));
  await t.rejects((await openai.open(other.origin)).tokenize('a'), {
    code: 'PROVIDER_REFUSED',
    message: /no \/tokenize/,
  });
});

t.test('a url that would send or show a secret is not opened', async (t) => {
  for (const url of ['ftp://host/v1', 'http://user:hunter2@host/v1', 'http://host/v1#part']) {
    const error: unknown = await openOpenAi({ ...openAiEntry('http://host'), url }).catch((thrown: unknown) => thrown);
    t.match(error, { code: 'BAD_CONFIG' }, url);
    t.notMatch(String(error), 'hunter2');
  }
});

t.test('a query of the url is kept, as Azure needs it', async (t) => {
  const server = await providerServer(t, stream(openai.answer(['a'])));
  const entry = { ...openAiEntry('http://host'), url: `${server.origin}/openai/v1/?api-version=preview` };
  await eventsOf(await openOpenAi(entry, quick));
  t.equal(server.seen[0]?.path, '/openai/v1/chat/completions?api-version=preview');
});

t.test('a connection that is never agreed on ends at its own limit, before that of the first byte', async (t) => {
  const server = createServer((socket) => void socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const entry = { ...openAiEntry('http://host'), url: `https://127.0.0.1:${port}/v1` };
  const options = { connectMs: 50, retry: { retries: 0, baseMs: 1, capMs: 1 } };
  const answer = eventsOf(await openOpenAi(entry, options));
  await t.rejects(answer, { code: 'PROVIDER_FAILED', facts: { reason: 'connect-timeout' } });
});
