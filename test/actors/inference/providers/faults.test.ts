/**
 * What holds for every provider, held against servers that speak each API and misbehave: which faults are tried again,
 * what the asker is told, what the server saw, and when its connection was closed.
 */
import type { WorkEvent } from '#actors/inference/backend';
import { defaultBreaker } from '#actors/inference/providers/breaker';
import { SkepError } from '#protocols/wire/error';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { eventually } from '#test/support/eventually';
import { anthropic } from '#test/support/providers/anthropic';
import { openai } from '#test/support/providers/openai';
import { hangUp, plain, providerServer, silence, stream } from '#test/support/providers/server';
import { type Speaker, endOf, eventsOf, textOf, work } from '#test/support/providers/speaker';
import t, { type Test } from 'tap';

/** Runs a test for each of the APIs. */
function forEachApi(name: string, body: (t: Test, api: Speaker) => Promise<void>): void {
  for (const api of [openai, anthropic]) t.test(`${api.name}: ${name}`, (t) => body(t, api));
}

/** The error that an answer ends in, and the text before it. */
async function failureOf(
  answer: AsyncIterable<WorkEvent>,
): Promise<{ readonly error: SkepError; readonly text: string }> {
  const events: WorkEvent[] = [];
  try {
    for await (const event of answer) events.push(event);
  } catch (error) {
    if (error instanceof SkepError) return { error, text: textOf(events) };
    throw error;
  }
  throw new Error('the answer did not fail');
}

const quiet = new AbortController().signal;

forEachApi('an answer comes part by part, with its usage and its times', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['Hel', 'lo', ' 😀'], { input: 21, output: 9 })));
  const events = await eventsOf(await api.open(server.origin));
  t.same(
    events.map(({ type }) => type),
    ['text', 'text', 'text', 'end'],
  );
  t.equal(textOf(events), 'Hello 😀');
  const end = endOf(events);
  t.match(end, { finish: 'stop', usage: { input: 21, cached: 0, output: 9 } });
  t.ok(end.prefillMs > 0 && end.decodeMs >= 0);
  t.equal(server.seen[0]?.path, api.path);
  t.equal(server.seen.length, 1);
});

forEachApi('a stream that comes byte by byte gives the same answer', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['Grüße', ' 😀']), { chunkBytes: 1 }));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'Grüße 😀');
});

forEachApi('one connection serves answers that follow each other', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['a'])));
  const backend = await api.open(server.origin, { connections: 1 });
  for (let answer = 0; answer < 3; answer += 1) await eventsOf(backend);
  t.same(
    server.seen.map(({ connection }) => connection),
    [0, 0, 0],
  );
  await backend.close();
  await t.rejects(eventsOf(backend), { code: 'MODEL_UNAVAILABLE' }, 'after its end it answers nothing');
  t.equal(server.seen.length, 3);
});

for (const status of [500, 502, 503, 529]) {
  forEachApi(`${status} is tried again, and the answer that then comes is whole`, async (t, api) => {
    const server = await providerServer(t, plain(status, api.error(status, 'busy')), stream(api.answer(['fine'])));
    const events = await eventsOf(await api.open(server.origin));
    t.equal(textOf(events), 'fine');
    t.equal(server.seen.length, 2);
    t.same(server.seen[1]?.body, server.seen[0]?.body);
  });
}

forEachApi('a server that goes on failing is asked four times, then the asker is told', async (t, api) => {
  const server = await providerServer(t, plain(500, api.error(500, 'broken'), { [api.requestIdHeader]: 'req-9' }));
  const { error } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
  t.equal(error.code, 'PROVIDER_FAILED');
  t.match(error.message, /^model remote: the provider answered 500: broken$/);
  t.match(error.facts, { model: 'remote', status: 500, attempts: 4, requestId: 'req-9', sample: /broken/ });
  t.equal(server.seen.length, 4);
});

forEachApi('429 is tried again no sooner than the server asks', async (t, api) => {
  const limited = plain(429, api.error(429, 'slow down'), { 'retry-after': '0.3' });
  const server = await providerServer(t, limited, stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'fine');
  const [first, second] = server.seen;
  t.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 299, 'the wait was kept');
});

forEachApi('429 with a wait above the cap, or past the deadline, is told at once with the time', async (t, api) => {
  const server = await providerServer(t, plain(429, api.error(429, 'slow down'), { 'retry-after': '90' }));
  const { error } = await failureOf((await api.open(server.origin)).generate(work({ timeLeftMs: 600_000 }), quiet));
  t.match(
    { code: error.code, facts: error.facts },
    {
      code: 'PROVIDER_LIMITED',
      facts: { status: 429, retryAfterMs: 90_000, attempts: 1 },
    },
  );
  t.equal(server.seen.length, 1);
  const soon = await providerServer(t, plain(429, api.error(429, 'slow down'), { 'retry-after': '5' }));
  const late = await failureOf((await api.open(soon.origin)).generate(work({ timeLeftMs: 2_000 }), quiet));
  t.match(late.error, { code: 'PROVIDER_LIMITED', facts: { retryAfterMs: 5_000 } });
  t.equal(soon.seen.length, 1);
});

for (const status of [400, 401, 403, 404, 422]) {
  forEachApi(`${status} is told at once`, async (t, api) => {
    const server = await providerServer(t, plain(status, api.error(status, 'no such thing')));
    const { error } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
    t.match(error, { code: 'PROVIDER_REFUSED', facts: { status, attempts: 1 } });
    t.match(error.message, /no such thing/);
    t.equal(server.seen.length, 1);
  });
}

forEachApi('a prompt that is too long is told as that', async (t, api) => {
  const message = "prompt is too long: This model's maximum context length is 8 tokens";
  const server = await providerServer(t, plain(400, api.error(400, message)));
  const { error } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
  t.equal(error.code, 'CONTEXT_OVERFLOW');
  t.equal(server.seen.length, 1);
});

forEachApi('a connection that breaks before the answer is made again', async (t, api) => {
  const server = await providerServer(t, hangUp, stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'fine');
  t.equal(server.seen.length, 2);
});

forEachApi('a kept connection that the server closes is made anew without waiting', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['one'])), hangUp, stream(api.answer(['two'])));
  const slow = { retry: { retries: 1, baseMs: 60_000, capMs: 60_000 }, random: { next: () => 0.9 } };
  const backend = await api.open(server.origin, { connections: 1, options: slow });
  await eventsOf(backend);
  t.equal(textOf(await eventsOf(backend)), 'two');
  t.same(
    server.seen.map(({ connection }) => connection),
    [0, 0, 1],
  );
});

forEachApi('a server that is not there is tried four times', async (t, api) => {
  const backend = await api.open('http://127.0.0.1:1');
  const { error } = await failureOf(backend.generate(work(), quiet));
  t.match(error, { code: 'PROVIDER_FAILED', message: /ECONNREFUSED/, facts: { attempts: 4, reason: 'connection' } });
});

forEachApi('a stream that is cut before the first text is tried again', async (t, api) => {
  const server = await providerServer(t, stream(api.beginning([]), { then: 'cut' }), stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'fine');
  t.equal(server.seen.length, 2);
});

for (const then of ['cut', 'end'] as const) {
  forEachApi(`a stream that ends early (${then}) behind text is not tried again: the reader has it`, async (t, api) => {
    const server = await providerServer(t, stream(api.beginning(['half']), { then }));
    const { error, text } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
    t.match(error, { code: 'PROVIDER_FAILED', facts: { attempts: 1 } });
    t.equal(text, 'half');
    t.equal(server.seen.length, 1);
  });
}

forEachApi('silence before the first byte ends at its limit, and its connection is closed', async (t, api) => {
  const server = await providerServer(t, silence, stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin, { firstByteMs: 400 }))), 'fine');
  t.equal(server.seen.length, 2);
  t.not(server.seen[0]?.closedMs, undefined);
});

forEachApi('headers alone are not the first byte', async (t, api) => {
  const server = await providerServer(t, stream('', { then: 'stall' }));
  const once = { retry: { retries: 0, baseMs: 1, capMs: 1 } };
  const backend = await api.open(server.origin, { firstByteMs: 60, options: once });
  const { error } = await failureOf(backend.generate(work(), quiet));
  t.match(error, { code: 'PROVIDER_FAILED', facts: { reason: 'first-byte-timeout' } });
});

forEachApi('silence between two parts ends the answer', async (t, api) => {
  const server = await providerServer(t, stream(api.beginning(['half']), { then: 'stall' }));
  const backend = await api.open(server.origin, { betweenPartsMs: 60 });
  const { error, text } = await failureOf(backend.generate(work(), quiet));
  t.match(error, { code: 'PROVIDER_FAILED', facts: { reason: 'between-parts-timeout', attempts: 1 } });
  t.equal(text, 'half');
});

forEachApi('a reader that is slow is not silence of the server', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['one', 'two'])));
  const clock = new VirtualClock();
  const backend = await api.open(server.origin, { options: { clock } });
  const texts: string[] = [];
  for await (const event of backend.generate(work({ timeLeftMs: 86_400_000 }), quiet)) {
    if (event.type === 'text') texts.push(event.text);
    clock.advance(600_000);
  }
  t.same(texts, ['one', 'two']);
});

forEachApi('the deadline ends an answer that is under way', async (t, api) => {
  const server = await providerServer(t, stream(api.beginning(['half']), { then: 'stall' }));
  const { error, text } = await failureOf((await api.open(server.origin)).generate(work({ timeLeftMs: 500 }), quiet));
  t.match(error, { code: 'CALL_TIMEOUT', facts: { reason: 'deadline' } });
  t.equal(text, 'half');
});

forEachApi('JSON that is none is tried again once', async (t, api) => {
  const broken = stream('data: {"choices": [}\n\n');
  const server = await providerServer(t, broken, stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'fine');
  const hopeless = await providerServer(t, broken);
  const { error } = await failureOf((await api.open(hopeless.origin)).generate(work(), quiet));
  t.match(error, { code: 'BAD_ANSWER', facts: { sample: '{"choices": [}', attempts: 2 } });
  t.equal(hopeless.seen.length, 2);
});

forEachApi('an event without an end is given up at its bound', async (t, api) => {
  const giant = `data: ${'x'.repeat(5 * 1024 * 1024)}`;
  const server = await providerServer(
    t,
    stream(api.beginning(['half']) + giant, { chunkBytes: 65_536, then: 'stall' }),
  );
  const { error, text } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
  t.match(error, { code: 'BAD_ANSWER', message: /more than 4194304 characters/ });
  t.equal(text, 'half');
});

forEachApi('another kind of content is told with a sample', async (t, api) => {
  const page = '<html>Welcome to the captive portal</html>';
  const server = await providerServer(t, plain(200, page, { 'content-type': 'text/html; charset=utf-8' }));
  const { error } = await failureOf((await api.open(server.origin)).generate(work(), quiet));
  t.match(error, {
    code: 'BAD_ANSWER',
    message: /expected a stream of events, got text\/html/,
    facts: { sample: page },
  });
  t.equal(server.seen.length, 2);
});

forEachApi('a redirect is not followed: the key goes to no other host', async (t, api) => {
  process.env['SKEP_TEST_KEY'] = 'key-1234567890';
  const other = await providerServer(t, stream(api.answer(['stolen'])));
  const server = await providerServer(t, plain(307, '', { location: `${other.origin}${api.path}` }));
  const backend = await api.open(server.origin, { key: { env: 'SKEP_TEST_KEY' } });
  const { error } = await failureOf(backend.generate(work(), quiet));
  t.match(error, { code: 'PROVIDER_REFUSED', message: /redirect to 127\.0\.0\.1:\d+, which is not followed/ });
  t.equal(server.seen.length, 1);
  t.equal(other.seen.length, 0);
});

forEachApi('the key is sent in its header, and is in no part of an error that echoes it', async (t, api) => {
  const key = 'secret-key-0123456789';
  process.env['SKEP_TEST_KEY'] = key;
  const [header, value] = api.keyHeader(key);
  const echo = plain(401, api.error(401, `bad header ${header}: ${value} ${encodeURIComponent(value)}`), {
    [api.requestIdHeader]: key,
  });
  const garbage = stream(`data: ${value}\n\n`);
  const events = stream(api.errorEvent('invalid_request_error', `do not send ${value}`));
  for (const reply of [echo, garbage, events]) {
    const server = await providerServer(t, reply);
    const backend = await api.open(server.origin, { key: { env: 'SKEP_TEST_KEY' } });
    const { error } = await failureOf(backend.generate(work(), quiet));
    t.equal(server.seen[0]?.headers[header], value, 'the server got it');
    const told = `${error.message} ${JSON.stringify(error.facts)} ${error.stack} ${String(error.cause)}`;
    t.notMatch(told, key);
    t.match(told, '[redacted]');
  }
});

forEachApi('a key that changes is used from the next request on', async (t, api) => {
  const server = await providerServer(t, stream(api.answer(['a'])));
  process.env['SKEP_TEST_KEY'] = 'key-of-monday';
  const backend = await api.open(server.origin, { key: { env: 'SKEP_TEST_KEY' } });
  await eventsOf(backend);
  process.env['SKEP_TEST_KEY'] = 'key-of-tuesday';
  await eventsOf(backend);
  delete process.env['SKEP_TEST_KEY'];
  await t.rejects(eventsOf(backend), { code: 'BAD_CONFIG', message: /SKEP_TEST_KEY is not set/ });
  const sent = server.seen.map(({ headers }) => headers[api.keyHeader('')[0]]);
  t.same(sent, [api.keyHeader('key-of-monday')[1], api.keyHeader('key-of-tuesday')[1]]);
});

forEachApi('proxies of the environment are passed over', async (t, api) => {
  const proxy = await providerServer(t, stream(api.answer(['from the proxy'])));
  const server = await providerServer(t, stream(api.answer(['direct'])));
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy']) process.env[name] = proxy.origin;
  process.env['NODE_USE_ENV_PROXY'] = '1';
  t.teardown(() => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'NODE_USE_ENV_PROXY']) delete process.env[name];
  });
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'direct');
  t.equal(proxy.seen.length, 0);
});

forEachApi('errors inside a stream are classed as those of a status', async (t, api) => {
  const overloaded = stream(api.beginning([]) + api.errorEvent('overloaded_error', 'Overloaded'));
  const server = await providerServer(t, overloaded, stream(api.answer(['fine'])));
  t.equal(textOf(await eventsOf(await api.open(server.origin))), 'fine');
  const refused = await providerServer(t, stream(api.errorEvent('invalid_request_error', 'no')));
  const { error } = await failureOf((await api.open(refused.origin)).generate(work(), quiet));
  t.match(error, { code: 'PROVIDER_REFUSED', facts: { status: 400 } });
  t.equal(refused.seen.length, 1);
});

forEachApi('five failures open the circuit: the server is spared, then probed, then trusted again', async (t, api) => {
  let healthy = false;
  const server = await providerServer(t, (response, seen) =>
    (healthy ? stream(api.answer(['fine'])) : plain(500, api.error(500, 'broken')))(response, seen),
  );
  const options = { retry: { retries: 3, baseMs: 1, capMs: 5 }, breaker: { ...defaultBreaker, openMs: 800 } };
  const backend = await api.open(server.origin, { options });
  await failureOf(backend.generate(work(), quiet));
  const second = await failureOf(backend.generate(work(), quiet));
  t.match(second.error, { code: 'PROVIDER_FAILED', facts: { status: 500 } }, 'what failed is told, not that it opened');
  t.equal(server.seen.length, 5, 'the fifth failure opened it, in the middle of the retries');
  const { error } = await failureOf(backend.generate(work(), quiet));
  t.equal(error.code, 'CIRCUIT_OPEN');
  const { retryAfterMs } = error.facts;
  t.ok(typeof retryAfterMs === 'number' && retryAfterMs > 0 && retryAfterMs <= 800);
  t.equal(server.seen.length, 5);
  healthy = true;
  const answers = (): Promise<boolean> =>
    eventsOf(backend).then(
      () => true,
      () => false,
    );
  await eventually('a probe is let through', answers);
  for (let probe = 0; probe < 4; probe += 1) t.equal(textOf(await eventsOf(backend)), 'fine');
  t.equal(server.seen.length, 10);
});
