/**
 * Anthropic's Messages API: the form of each request, held against a strict schema of its documentation, and each kind
 * of event, block and reason to stop.
 */
import type { Work } from '#actors/inference/backend';
import type { ToolSpec } from '#protocols/wire/inference';
import {
  anthropic,
  block,
  event,
  messageEnd,
  messageStart,
  messagesRequest,
  textBlock,
  toolBlock,
} from '#test/support/providers/anthropic';
import { plain, providerServer, stream } from '#test/support/providers/server';
import { askedOf, callsOf, endOf, eventsOf, textOf, work } from '#test/support/providers/speaker';
import t, { type Test } from 'tap';

const find: ToolSpec = { name: 'find', parameters: { type: 'object', properties: { what: { type: 'string' } } } };

/** The events of an answer that a server gives as this stream, and the body of the request, in its form. */
async function asked(t: Test, text: string, request: Work = work()) {
  const { events, body, seen } = await askedOf(t, anthropic, text, request);
  return { events, body: messagesRequest.parse(body), seen };
}

t.test('a request has the form of the documentation, and names the version of the API', async (t) => {
  const { body, seen } = await asked(t, anthropic.answer(['a']));
  t.same(body, {
    model: 'test-model',
    max_tokens: 64,
    stream: true,
    temperature: 0,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }],
  });
  t.match(seen[0], { path: '/v1/messages', headers: { 'anthropic-version': '2023-06-01' } });
  t.notOk('x-api-key' in (seen[0]?.headers ?? {}), 'none is configured');
});

t.test('system texts stand apart, results follow their calls in one message, empty texts are left out', async (t) => {
  const calls = ['c.1', 'c.2'].map((id) => ({ id, name: 'find', arguments: { what: id } }));
  const { body } = await asked(
    t,
    anthropic.answer(['a']),
    work({
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Find.' },
        { role: 'system', content: 'Be kind.' },
        { role: 'system', content: '' },
        { role: 'user', content: 'Please.' },
        { role: 'assistant', content: '', toolCalls: calls },
        { role: 'tool', toolCallId: 'c.1', content: 'one' },
        { role: 'tool', toolCallId: 'c.2', content: '' },
        { role: 'user', content: 'And?' },
      ],
      topP: 0.9,
      topK: 5,
      stop: ['END'],
      seed: 7,
      minP: 0.1,
      tools: [find],
      toolChoice: 'required',
    }),
  );
  t.same(body, {
    model: 'test-model',
    max_tokens: 64,
    stream: true,
    system: 'Be short.\n\nBe kind.',
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ['END'],
    tools: [{ name: 'find', input_schema: find.parameters }],
    tool_choice: { type: 'any' },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Find.' },
          { type: 'text', text: 'Please.' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'c_1', name: 'find', input: { what: 'c.1' } },
          { type: 'tool_use', id: 'c_2', name: 'find', input: { what: 'c.2' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c_1', content: 'one' },
          { type: 'tool_result', tool_use_id: 'c_2', content: '' },
          { type: 'text', text: 'And?' },
        ],
      },
    ],
  });
});

t.test('each choice of tools', async (t) => {
  const choice = async (toolChoice: Work['toolChoice']): Promise<unknown> =>
    (await asked(t, anthropic.answer(['a']), work({ tools: [find], toolChoice }))).body.tool_choice;
  t.same(await choice(undefined), { type: 'auto' });
  t.same(await choice('none'), { type: 'none' });
  t.same(await choice({ name: 'find' }), { type: 'tool', name: 'find' });
});

t.test('text, thoughts, a tool call in pieces, and events of types to come', async (t) => {
  const thinking = { type: 'thinking', thinking: '' };
  const thoughts = [
    { type: 'thinking_delta', thinking: 'hm' },
    { type: 'signature_delta', signature: 's' },
  ];
  const text = [
    messageStart(),
    block(0, thinking, thoughts),
    event('ping'),
    textBlock(1, ['Let me ', 'look.']),
    event('something_new', { index: 9 }),
    toolBlock(2, 'toolu_1', 'find', ['', '{"wh', 'at":"bees"}']),
    toolBlock(3, 'toolu_2', 'find', []),
    messageEnd('tool_use'),
  ].join('');
  const { events } = await asked(t, text, work({ tools: [find] }));
  t.equal(textOf(events), 'Let me look.');
  t.same(callsOf(events), [
    { id: 'toolu_1', name: 'find', arguments: { what: 'bees' } },
    { id: 'toolu_2', name: 'find', arguments: {} },
  ]);
  t.equal(endOf(events).finish, 'tool-calls');
});

t.test(
  'usage: the prompt is what was fresh, written to the cache and read from it; the output is cumulative',
  async (t) => {
    const start = messageStart({
      input_tokens: 10,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 3_000,
      output_tokens: 1,
    });
    const { events } = await asked(t, start + textBlock(0, ['a']) + messageEnd('end_turn', 42));
    t.same(endOf(events).usage, { input: 3_210, cached: 3_000, output: 42 });
    const later = messageEnd('end_turn', 5, { input_tokens: 11, cache_read_input_tokens: null });
    const updated = await asked(t, start + textBlock(0, ['a']) + later);
    t.same(
      endOf(updated.events).usage,
      { input: 3_211, cached: 3_000, output: 5 },
      'later counts replace earlier ones',
    );
  },
);

t.test('each reason to stop', async (t) => {
  const finish = async (reason: string): Promise<string> =>
    endOf((await asked(t, messageStart() + textBlock(0, ['a']) + messageEnd(reason))).events).finish;
  t.equal(await finish('end_turn'), 'stop');
  t.equal(await finish('stop_sequence'), 'stop');
  t.equal(await finish('max_tokens'), 'length');
  t.equal(await finish('model_context_window_exceeded'), 'length');
  t.equal(await finish('refusal'), 'refusal');
  t.equal(await finish('pause_turn'), 'stop');
});

t.test('a refusal is an answer: it is asked for once', async (t) => {
  const { events, seen } = await asked(t, messageStart() + messageEnd('refusal', 0));
  t.equal(endOf(events).finish, 'refusal');
  t.equal(seen.length, 1);
});

const point = { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] };

t.test('a structured answer is the call of a tool that the model has to make', async (t) => {
  const said = textBlock(0, ['Here it is:']) + toolBlock(1, 'toolu_1', 'answer', ['{"x"', ':1}']);
  const { events, body } = await asked(t, messageStart() + said + messageEnd('tool_use'), work({ schema: point }));
  t.match(body, {
    tools: [{ name: 'answer', input_schema: point }],
    tool_choice: { type: 'tool', name: 'answer' },
  });
  t.equal(textOf(events), '{"x":1}', 'words beside it are no part of it');
  t.same(callsOf(events), []);
  t.equal(endOf(events).finish, 'stop');
});

t.test('a structured answer beside tools: the model takes one or the other', async (t) => {
  const tools = [find, { ...find, name: 'answer' }];
  const request = work({ schema: point, tools });
  const called = messageStart() + toolBlock(0, 'toolu_1', 'find', ['{}']) + messageEnd('tool_use');
  const { events, body } = await asked(t, called, request);
  t.match(
    body.tools?.map(({ name }) => name),
    ['find', 'answer', 'answer_2'],
    'with a name that no other has',
  );
  t.same(body.tool_choice, { type: 'any' });
  t.equal(endOf(events).finish, 'tool-calls');
  const answered = await asked(
    t,
    messageStart() + toolBlock(0, 'toolu_1', 'answer_2', ['{"x":2}']) + messageEnd('tool_use'),
    request,
  );
  t.equal(textOf(answered.events), '{"x":2}');
  t.equal(endOf(answered.events).finish, 'stop');
});

t.test('a structured answer of another type than object is wrapped and unwrapped', async (t) => {
  const schema = { type: 'array', items: { type: 'string' } };
  const said = messageStart() + toolBlock(0, 'toolu_1', 'answer', ['{"value":', '["a","b"]}']) + messageEnd('tool_use');
  const { events, body } = await asked(t, said, work({ schema }));
  t.match(body.tools, [{ input_schema: { type: 'object', properties: { value: schema }, required: ['value'] } }]);
  t.equal(textOf(events), '["a","b"]');
  const referring = { type: 'array', items: { $ref: '#/$defs/a' }, $defs: { a: { type: 'string' } } };
  await t.rejects(asked(t, said, work({ schema: referring })), { code: 'BAD_SCHEMA' });
});

t.test('a structured answer that does not come, or not as JSON, is asked for again once', async (t) => {
  const words = messageStart() + textBlock(0, ['No.']) + messageEnd('end_turn');
  const right = messageStart() + toolBlock(0, 'toolu_1', 'answer', ['{"x":1}']) + messageEnd('tool_use');
  const server = await providerServer(t, stream(words), stream(right));
  t.equal(textOf(await eventsOf(await anthropic.open(server.origin), work({ schema: point }))), '{"x":1}');
  t.equal(server.seen.length, 2);
  const cut = messageStart() + toolBlock(0, 'toolu_1', 'answer', ['{"x":']) + messageEnd('tool_use');
  await t.rejects(asked(t, cut, work({ schema: point })), { code: 'BAD_ANSWER' });
  const short = messageStart() + toolBlock(0, 'toolu_1', 'answer', ['{"x":']) + messageEnd('max_tokens');
  t.equal(endOf((await asked(t, short, work({ schema: point }))).events).finish, 'length', 'a cut is told as one');
});

t.test(
  'a model that takes no temperature is asked without the default, and keeps it for all that follow',
  async (t) => {
    const refusal = anthropic.error(400, '`temperature` is deprecated for this model.');
    const server = await providerServer(t, plain(400, refusal), stream(anthropic.answer(['fine'])));
    const backend = await anthropic.open(server.origin);
    t.equal(textOf(await eventsOf(backend)), 'fine');
    await eventsOf(backend);
    t.same(
      server.seen.map(({ body }) => body['temperature']),
      [0, undefined, undefined],
    );
    const stubborn = await providerServer(t, plain(400, refusal));
    const answer = eventsOf(await anthropic.open(stubborn.origin), work({ temperature: 0.5 }));
    await t.rejects(answer, { code: 'PROVIDER_REFUSED' }, 'what the asker chose is never changed');
  },
);

t.test('a limit of spending is not waited for', async (t) => {
  const error = { type: 'rate_limit_error', message: 'spent', details: { error_code: 'enforced_spend_limit_reached' } };
  const server = await providerServer(t, plain(429, { type: 'error', error, request_id: 'r' }));
  await t.rejects(eventsOf(await anthropic.open(server.origin)), { code: 'PROVIDER_REFUSED' });
  t.equal(server.seen.length, 1);
});

t.test('what the API does not have is refused without a request', async (t) => {
  const server = await providerServer(t, stream(anthropic.answer(['a'])));
  const backend = await anthropic.open(server.origin);
  t.match(backend.info, { backend: 'anthropic', embeds: false, tools: true, memoryBytes: 0, slots: 8 });
  await t.rejects(backend.embed(['a'], new AbortController().signal), { code: 'PROVIDER_REFUSED' });
  await t.rejects(backend.tokenize('a'), { code: 'PROVIDER_REFUSED' });
  await t.rejects(eventsOf(backend, work({ prompt: 'Once' })), { code: 'BAD_MESSAGE' });
  t.ok((await backend.countPrompt({ prompt: 'Once upon a time' })) > 3);
  t.equal(server.seen.length, 0);
});
