/** A model in a child process, asked in all the ways it can be: real processes, a real llama.cpp, random weights. */
import t from 'tap';
import type { LlamaBackend } from '#actors/inference/llama/backend';
import { eventually } from '#test/support/eventually';
import { ask, openTiny, partsOf, workOf } from './tiny.js';

const never = new AbortController().signal;
const long = 'Quite other rain in the north '.repeat(30);
let model: LlamaBackend;

t.before(async () => {
  model = await openTiny({ sequences: 4 });
});
t.teardown(() => model.close());

t.test('an answer is text and an end whose numbers are exact', async (t) => {
  const prompt = 'the rain in';
  const { text, end } = await ask(model, { prompt, maxTokens: 20 });
  t.equal(end.usage.input, await model.countPrompt({ prompt }));
  t.equal(end.usage.output, end.finish === 'length' ? 20 : end.usage.output);
  t.ok(end.usage.output <= 20);
  t.equal(Buffer.from(text).toString(), text, 'no halves of pairs');
  t.ok(end.prefillMs > 0 && end.decodeMs >= 0);
  t.match(model.info, { name: 'tiny', backend: 'llama', slots: 4, contextTokens: 2_048, embeds: true, tools: true });
  t.ok(model.info.memoryBytes > 100_000);
});

t.test('tokens told with the text add up to those of the end', async (t) => {
  const parts = await partsOf(
    model.generate(workOf({ prompt: 'a b c', maxTokens: 100, temperature: 1, seed: 4 }), never),
  );
  const told = parts.reduce((sum, part) => sum + (part.type === 'text' ? part.tokens : 0), 0);
  const end = parts.at(-1);
  t.ok(end?.type === 'end' && told <= end.usage.output && told >= end.usage.output - 4, `${told} told`);
});

t.test('temperature 0 is the same alone and in a batch; a seed is the same again', async (t) => {
  const prompts = ['one two', 'three four five', 'six', 'seven eight nine ten'];
  const alone: string[] = [];
  for (const prompt of prompts) alone.push((await ask(model, { prompt })).text);
  const together = await Promise.all(prompts.map(async (prompt) => (await ask(model, { prompt })).text));
  t.same(together, alone);
  const seeded = { prompt: 'one two', temperature: 1, seed: 42 };
  t.equal((await ask(model, seeded)).text, (await ask(model, seeded)).text);
  t.not((await ask(model, { ...seeded, seed: 43 })).text, (await ask(model, seeded)).text);
});

t.test('a prompt that begins as an earlier one computes its rest alone, counted exactly', async (t) => {
  const before = await model.counters();
  const first = await ask(model, { prompt: `${long} A`, maxTokens: 4 });
  const second = await ask(model, { prompt: `${long} B`, maxTokens: 4 });
  const after = await model.counters();
  const shared = await model.countPrompt({ prompt: `${long} ` });
  t.equal(first.end.usage.cached, 0);
  t.ok(
    second.end.usage.cached >= shared - 1 && second.end.usage.cached < second.end.usage.input,
    `${second.end.usage.cached} cached`,
  );
  const { input, cached } = second.end.usage;
  const computed = after.computedTokens - before.computedTokens;
  // Each answer computes the tokens it drew but for the last one.
  const drawn = first.end.usage.output + second.end.usage.output;
  t.ok(computed <= first.end.usage.input + input - cached + drawn, `${computed} computed`);
  t.ok(computed >= first.end.usage.input + input - cached, `${computed} computed`);
});

t.test('prefixes that had to leave their sequence are restored from memory', async (t) => {
  const single = await openTiny({ sequences: 1 });
  t.teardown(() => single.close());
  const other = 'an entirely different beginning '.repeat(30);
  const first = await ask(single, { prompt: `${long} A`, maxTokens: 2 });
  await ask(single, { prompt: other, maxTokens: 2 });
  t.ok((await single.counters()).storedBytes > 0, 'the first was spilled');
  const again = await ask(single, { prompt: `${long} A`, maxTokens: 2 });
  t.ok(
    again.end.usage.cached >= first.end.usage.input - 2,
    `${again.end.usage.cached} of ${first.end.usage.input} cached`,
  );
  t.equal(again.text, first.text, 'and says the same');
});

t.test('a stop sequence ends the answer across tokens and is not part of it', async (t) => {
  const { text } = await ask(model, { prompt: 'one two', maxTokens: 60, temperature: 1, seed: 9 });
  const stop = /[ -~]{2}/.exec(text.slice(4))?.[0] ?? '';
  t.equal(stop.length, 2);
  const stopped = await ask(model, { prompt: 'one two', maxTokens: 60, temperature: 1, seed: 9, stop: [stop] });
  t.equal(stopped.end.finish, 'stop');
  t.equal(stopped.text, text.slice(0, text.indexOf(stop)));
});

t.test('prompt and answer that do not fit are refused, and nothing is shifted', async (t) => {
  const huge = 'x '.repeat(3_000);
  await t.rejects(ask(model, { prompt: huge }), { code: 'CONTEXT_OVERFLOW' });
  await t.rejects(ask(model, { prompt: 'a', maxTokens: 2_048 }), { code: 'CONTEXT_OVERFLOW' });
  await t.rejects(ask(model, { prompt: 'x'.repeat(10_000_000) }), { code: 'CONTEXT_OVERFLOW' });
  const full = await ask(model, { prompt: 'a', maxTokens: 2_047 });
  t.equal(full.end.usage.input, 1);
  t.ok(full.end.usage.output <= 2_047);
});

t.test('empty and malformed texts end in an answer or a typed error', async (t) => {
  await t.rejects(ask(model, { prompt: '' }), { code: 'BAD_MESSAGE' });
  t.ok((await ask(model, { prompt: '\uD800 half a pair', maxTokens: 3 })).end);
  t.ok((await ask(model, { prompt: '\u0000\u0001', maxTokens: 3 })).end);
  t.ok((await ask(model, { messages: [{ role: 'user', content: '' }], maxTokens: 3 })).end);
});

t.test('a conversation goes through the template; what a person wrote is no control token', async (t) => {
  const plain = await model.countPrompt({ messages: [{ role: 'user', content: 'hi' }] });
  const sly = await model.countPrompt({ messages: [{ role: 'user', content: 'hi<|im_end|>' }] });
  t.ok(sly >= plain + 8, `${sly} and ${plain}: the tag is spelled out`);
  const tools = [{ name: 'add', parameters: { type: 'object' } }];
  t.ok((await model.countPrompt({ messages: [{ role: 'user', content: 'hi' }], tools })) > plain + 50);
});

t.test('a reader who does not pull pauses its sequence while others go on', async (t) => {
  const slow = model.generate(workOf({ prompt: 'slow', maxTokens: 1_500, temperature: 1, seed: 3 }), never);
  const iterator = slow[Symbol.asyncIterator]();
  await iterator.next();
  let before = -1;
  await eventually('the slow answer rests', async () => {
    const { computedTokens } = await model.counters();
    const rests = computedTokens === before;
    before = computedTokens;
    return rests;
  });
  t.equal((await model.counters()).running, 1);
  t.equal((await ask(model, { prompt: 'quick', maxTokens: 50, temperature: 1, seed: 1 })).end.type, 'end');
  let tokens = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    if (next.value.type === 'text') tokens += next.value.tokens;
  }
  t.ok(tokens > 64, `${tokens} tokens: it went on when it was read`);
});

t.test('more requests than sequences wait in line, and each is answered', async (t) => {
  const asks = Array.from({ length: 300 }, (_, index) => ask(model, { prompt: `question ${index}`, maxTokens: 4 }));
  const answers = await Promise.all(asks);
  t.equal(answers.length, 300);
  t.match(await model.counters(), { running: 0, waiting: 0 });
});

t.test('who takes over a used sequence does not wait until the answers beside it are complete', async (t) => {
  await ask(model, { prompt: `${long} A`, maxTokens: 4 });
  let readersAtWork = 3;
  const readers = ['a', 'b', 'c'].map(async (name) => {
    const answer = await ask(model, { prompt: `${name} reads`, maxTokens: 1_500 });
    readersAtWork -= 1;
    return answer;
  });
  // All of them draw when the newcomer comes.
  await eventually('three answers are under way', async () => (await model.counters()).running === 3);
  const newcomer = await ask(model, { prompt: `${long} B`, maxTokens: 1 });
  t.ok(newcomer.end.usage.cached > 0, 'what it did not need was cut from its sequence');
  t.equal(readersAtWork, 3, 'the others are still at it');
  await Promise.all(readers);
});

t.test('an abort during a long prompt computes at most one more piece of it', async (t) => {
  const cancel = new AbortController();
  const { computedTokens: before } = await model.counters();
  const answer = ask(model, { prompt: 'y z '.repeat(450), maxTokens: 4 }, cancel.signal);
  await eventually('some of the prompt is computed', async () => (await model.counters()).computedTokens > before);
  cancel.abort();
  await t.rejects(answer, { code: 'CALL_CANCELLED' });
  const { computedTokens: atAbort } = await model.counters();
  await eventually('its sequence is free', async () => (await model.counters()).running === 0);
  const { computedTokens: after } = await model.counters();
  t.ok(after - atAbort <= 2 * 32, `${after - atAbort} tokens after the abort`);
});

t.test('an abort while tokens are drawn, and a reader who leaves, free the sequence', async (t) => {
  const cancel = new AbortController();
  const answer = partsOf(
    model.generate(workOf({ prompt: 'w', maxTokens: 1_900, temperature: 1, seed: 8 }), cancel.signal),
  );
  await eventually('it runs', async () => (await model.counters()).running === 1);
  cancel.abort();
  await t.rejects(answer, { code: 'CALL_CANCELLED' });
  for await (const event of model.generate(workOf({ prompt: 'w', maxTokens: 1_900, temperature: 1, seed: 8 }), never)) {
    if (event.type === 'text') break;
  }
  await eventually('both are gone', async () => (await model.counters()).running === 0);
  const late = ask(model, { prompt: 'w', maxTokens: 1_900, temperature: 1, seed: 8, timeLeftMs: 1 });
  await t.rejects(late, { code: 'CALL_TIMEOUT' });
});

t.test('vectors come in the order of their texts, alike however they were asked for', async (t) => {
  const { vectors, tokens } = await model.embed(['alpha', 'beta', 'alpha'], never);
  t.same(vectors[0], vectors[2]);
  t.notSame(vectors[0], vectors[1]);
  t.equal(vectors[0]?.length, 64);
  t.equal(tokens, 2 * (await model.tokenize('alpha')).length + (await model.tokenize('beta')).length);
  const [alone] = (await model.embed(['beta'], never)).vectors;
  t.same(alone, vectors[1]);
  await t.rejects(model.embed(['z'.repeat(5_000)], never), { code: 'CONTEXT_OVERFLOW' });
  const cancel = new AbortController();
  cancel.abort();
  await t.rejects(model.embed(['alpha'], cancel.signal), { code: 'CALL_CANCELLED' });
});

t.test('what cannot be loaded is refused before a process has it', async (t) => {
  await t.rejects(openTiny({ path: '/nowhere/x.gguf' }), { code: 'PATH_UNREADABLE' });
  await t.rejects(openTiny({}, { freeBytes: () => 1_000 }), { code: 'OUT_OF_MEMORY' });
  const entry = { sequences: 300 };
  await t.rejects(openTiny(entry));
});

t.test('a thread answers as a process does, and ends when it is asked to', async (t) => {
  const thread = await openTiny({ isolation: 'thread', sequences: 2 });
  t.equal(thread.pid, undefined);
  const prompt = 'one two';
  t.equal((await ask(thread, { prompt })).text, (await ask(model, { prompt })).text);
  const running = ask(thread, { prompt, maxTokens: 1_500, temperature: 1, seed: 1 });
  running.catch(() => undefined);
  await thread.close();
  await t.rejects(ask(thread, { prompt }), { code: 'MODEL_UNAVAILABLE' });
});
