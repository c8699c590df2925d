/** JSON by schema and calls of tools, written by a model that knows nothing: only the grammar makes them right. */
import fc from 'fast-check';
import t from 'tap';
import type { LlamaBackend } from '#actors/inference/llama/backend';
import { SkepError } from '#protocols/wire/error';
import type { ToolSpec } from '#protocols/wire/inference';
import { schemas } from './random-schema.js';
import { ask, openTiny } from './tiny.js';
import { validatorOf } from './validator.js';

const count = Number(process.env['SKEP_SCHEMAS'] ?? 60);
let model: LlamaBackend;

t.before(async () => {
  model = await openTiny({ sequences: 8 });
});
t.teardown(() => model.close());

t.test('what random weights write is of the schema, for each of many random schemas', async (t) => {
  const samples = fc.sample(schemas(), { numRuns: count, seed: 2026 });
  const bad: string[] = [];
  await Promise.all(
    samples.map(async (schema, seed) => {
      const { text, end } = await ask(model, { prompt: 'x', maxTokens: 1_900, temperature: 1.5, seed, schema });
      if (end.finish !== 'stop' || !validatorOf(schema)(JSON.parse(text)))
        bad.push(`${JSON.stringify(schema)}: ${text}`);
    }),
  );
  t.same(bad, [], `${samples.length} schemas`);
});

t.test('JSON that maxTokens cuts off is an error and no half a document', async (t) => {
  const schema = { type: 'array', items: { type: 'integer' }, minItems: 40, maxItems: 40 };
  await t.rejects(ask(model, { prompt: 'x', maxTokens: 10, schema }), {
    code: 'BAD_ANSWER',
    facts: { reason: 'length' },
  });
});

t.test('a schema that is too deep or cannot be held is refused, and the process lives', async (t) => {
  const { pid } = model;
  let deep: Record<string, unknown> = { type: 'null' };
  for (let level = 0; level < 20_000; level += 1) deep = { type: 'array', items: deep };
  await t.rejects(ask(model, { prompt: 'x', schema: deep }), { code: 'BAD_SCHEMA' });
  await t.rejects(ask(model, { prompt: 'x', schema: { type: 'string', pattern: 'a' } }), { code: 'BAD_SCHEMA' });
  const wide = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`p${index}`, { type: 'integer', maximum: 9 }]),
  );
  await ask(model, { prompt: 'x', maxTokens: 1_900, schema: { type: 'object', properties: wide } }).catch(
    (error: unknown) => t.ok(error instanceof SkepError && error.code === 'BAD_ANSWER', String(error)),
  );
  t.equal(model.pid, pid);
});

const tools: readonly ToolSpec[] = [
  {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', minLength: 1, maxLength: 8 },
        days: { type: 'integer', minimum: 1, maximum: 7 },
      },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
  { name: 'stop', parameters: { type: 'object', properties: {}, additionalProperties: false } },
];

t.test('a required call is a call whose arguments are of the schema of its tool', async (t) => {
  for (let seed = 0; seed < 8; seed += 1) {
    const answer = await ask(model, {
      messages: [{ role: 'user', content: 'weather?' }],
      tools: [...tools],
      toolChoice: 'required',
      temperature: 1,
      seed,
      maxTokens: 900,
    });
    t.equal(answer.end.finish, 'tool-calls');
    t.equal(answer.text, '');
    t.ok(answer.calls.length > 0);
    for (const { call } of answer.calls) {
      const { parameters = {} } = tools.find(({ name }) => name === call.name) ?? {};
      t.ok(validatorOf(parameters)(call.arguments), JSON.stringify(call));
    }
  }
});

t.test('a named tool is the one that is called', async (t) => {
  const { calls } = await ask(model, {
    messages: [{ role: 'user', content: 'x' }],
    tools: [...tools],
    toolChoice: { name: 'stop' },
    temperature: 1,
    seed: 1,
    maxTokens: 600,
  });
  t.ok(calls.length > 0);
  t.ok(calls.every(({ call }) => call.name === 'stop'));
});

t.test('a schema beside tools ends in JSON or in calls', async (t) => {
  const schema = {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
    additionalProperties: false,
  };
  const finishes = new Set<string>();
  for (let seed = 0; seed < 8; seed += 1) {
    const answer = await ask(model, { prompt: 'x', tools: [...tools], schema, temperature: 2, seed, maxTokens: 900 });
    finishes.add(answer.end.finish);
    if (answer.end.finish === 'stop') t.ok(validatorOf(schema)(JSON.parse(answer.text)), answer.text);
    else t.ok(answer.calls.length > 0);
  }
  t.ok(finishes.size > 0);
});
