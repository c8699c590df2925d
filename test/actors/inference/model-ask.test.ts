/** Asking a model: parts and their end, slots, order, and what is refused. */
import { modelActor } from '#actors/inference/model';
import t from 'tap';
import { modelUnderTest, readAll, words } from './support.js';

t.setTimeout(120_000);

t.test('an answer is numbered parts and an end that says what it took', async (t) => {
  const { system, model } = await modelUnderTest({ backend: { prefillMs: 10, stepMs: 20 } });
  const got = await readAll(model.call('ask', { prompt: 'one two three four' }));
  t.equal(got.text, 'one two three four');
  t.same(
    got.parts.map(({ seq }) => seq),
    got.parts.map((_, at) => at),
  );
  t.match(got.end, {
    model: 'scripted',
    finish: 'stop',
    usage: { input: 4, cached: 0, output: 4 },
    timing: { queueMs: 0, prefillMs: 40, decodeMs: 80 },
  });
  const again = await readAll(model.call('ask', { prompt: 'one two three four', maxTokens: 2 }));
  t.match(again.end, { finish: 'length', usage: { cached: 3, output: 2 } });
  t.equal(again.text, 'one two');
  await system.shutdown();
});

t.test('tool calls come as parts of their own, in their place', async (t) => {
  const call = { id: 'c1', name: 'add', arguments: { a: 1 } };
  const { model } = await modelUnderTest({ backend: { answer: () => ({ text: 'let me add', toolCalls: [call] }) } });
  const { parts, end } = await readAll(model.call('ask', { messages: [{ role: 'user', content: '1 + 1?' }] }));
  t.match(parts.at(-2), { type: 'toolCall', call });
  t.equal(end?.finish, 'tool-calls');
});

t.test('the first token is there at once, later ones are gathered', async (t) => {
  const { model } = await modelUnderTest({ backend: { stepMs: 1 }, args: { serving: { coalesceMs: 10 } } });
  const { parts, text } = await readAll(model.call('ask', { prompt: words(60) }));
  t.equal(text, words(60));
  t.match(parts[0], { text: 'word0' });
  t.ok(parts.length <= 9, `${parts.length} parts for 60 tokens in 60 ms`);
});

t.test('a backend never gets more than it has slots for, and its actor answers others meanwhile', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({ backend: { slots: 2, stepMs: 10 } });
  const all = Array.from({ length: 9 }, (_, n) => readAll(model.call('ask', { prompt: `${words(5)} ${n}` })));
  await system.until(() => backend.active === 2);
  t.match(await model.call('health'), { live: true, ready: true, saturated: false });
  t.match(await stats(), { running: 2, waiting: 7, freeSlots: 0 });
  const got = await system.run(Promise.all(all));
  t.ok(got.every(({ end }) => end?.finish === 'stop'));
  t.equal(backend.mostActive, 2);
  t.match(await stats(), { running: 0, waiting: 0, waitingTokens: 0, answers: 0, finished: { stop: 9 } });
});

t.test('priorities go before, and an agent that floods does not hold up another', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { slots: 1, stepMs: 1 },
    args: { serving: { quantum: 16 } },
  });
  const order: string[] = [];
  const ask = (agent: string, priority: number) =>
    readAll(model.call('ask', { prompt: words(8), maxTokens: 8, agent, priority })).then(() => order.push(agent));
  const all = [...Array.from({ length: 20 }, () => ask('flood', 2))];
  await system.until(() => backend.active === 1);
  all.push(ask('light', 2), ask('urgent', 0));
  await system.run(Promise.all(all));
  t.ok(order.indexOf('urgent') <= 1, `urgent was number ${order.indexOf('urgent')}`);
  t.ok(order.indexOf('light') <= 4, `light was number ${order.indexOf('light')}`);
});

t.test('a full queue refuses at once, in requests and in tokens, and says when to come again', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({
    backend: { slots: 1, answer: () => ({ hangs: true }) },
    entry: { queueRequests: 2, queueTokens: 100, maxTokens: 10 },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const held = [readAll(model.call('ask', { prompt: 'a' }, { signal }))];
  await system.until(() => backend.active === 1);
  held.push(readAll(model.call('ask', { prompt: 'b' }, { signal })));
  await system.settle();
  const large = await readAll(model.call('ask', { prompt: words(120) }));
  t.match(large.error, { code: 'MODEL_BUSY', facts: { waitingRequests: 1, waitingTokens: 11 } });
  held.push(readAll(model.call('ask', { prompt: 'c' }, { signal })));
  await system.settle();
  const { error } = await readAll(model.call('ask', { prompt: 'd' }));
  t.match(error, { code: 'MODEL_BUSY', facts: { model: 'scripted', waitingRequests: 2 } });
  t.ok(Number((error as { facts: { retryAfterMs: number } }).facts.retryAfterMs) >= 50);
  t.match(await model.call('health'), { ready: true, saturated: true });
  t.match(await stats(), { rejected: { MODEL_BUSY: 2 } });
  controller.abort();
  await system.run(Promise.all(held));
  await system.settle();
  t.match(await stats(), { running: 0, waiting: 0, answers: 0 });
});

t.test('what does not fit the context is refused with the numbers, never cut', async (t) => {
  const { model, backend } = await modelUnderTest({ backend: { contextTokens: 20 } });
  const { error } = await readAll(model.call('ask', { prompt: words(15), maxTokens: 10 }));
  t.match(error, { code: 'CONTEXT_OVERFLOW', facts: { promptTokens: 15, maxTokens: 10, contextTokens: 20 } });
  t.match((await readAll(model.call('ask', { prompt: words(15) }))).end, { finish: 'length', usage: { output: 5 } });
  t.equal(backend.works.length, 1);
});

t.test('a budget is reserved for the longest answer and settled for the real one', async (t) => {
  const { model } = await modelUnderTest({
    args: { budget: { accounts: { alice: { totalTokens: 100 } } } },
  });
  const ask = (maxTokens: number) => readAll(model.call('ask', { prompt: 'a b', maxTokens, agent: 'alice' }));
  t.match((await ask(99)).error, { code: 'BUDGET_SPENT', facts: { account: 'alice', leftTokens: 100 } });
  for (let n = 0; n < 5; n += 1) t.match((await ask(80)).end, { usage: { input: 2, output: 2 } });
  t.match((await ask(79)).error, { code: 'BUDGET_SPENT', facts: { leftTokens: 80 } }, 'five answers took four each');
});

t.test('tokens and prompts are counted by the backend, and beside answers that wait', async (t) => {
  const { system, model, backend } = await modelUnderTest({ backend: { slots: 1, answer: () => ({ hangs: true }) } });
  const controller = new AbortController();
  const held = readAll(model.call('ask', { prompt: 'a' }, { signal: controller.signal }));
  await system.until(() => backend.active === 1);
  t.equal((await model.call('tokenize', { text: 'one two three' })).length, 3);
  t.same(await model.call('count', { messages: [{ role: 'user', content: 'one two' }] }), { tokens: 4 });
  t.match(await model.call('info'), { name: 'scripted', model: { contextTokens: 4_096, slots: 1 } });
  controller.abort();
  await held;
});

t.test('messages from outside are checked, and the definition says what it takes', async (t) => {
  const { calls } = modelActor.schemas ?? {};
  t.throws(() => calls?.['ask']?.parse({ prompt: 'a', messages: [] }));
  t.throws(() => calls?.['ask']?.parse({ prompt: 'a', priority: 9 }));
  t.throws(() => calls?.['count']?.parse({}));
  t.ok(calls?.['count']?.parse({ prompt: 'a' }));
  t.same([...modelActor.streams].toSorted(), ['ask', 'resume']);
});
