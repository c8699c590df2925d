/** Calls of tools: what a grammar lets a model write is what a reader of calls takes, for each tool by its own schema. */
import fc from 'fast-check';
import t from 'tap';
import { CallReader } from '#actors/inference/llama/engine/calls';
import { formOf } from '#actors/inference/llama/engine/form';
import { callOpens, grammarOf } from '#actors/inference/llama/grammar/grammars';
import type { ToolSpec } from '#protocols/wire/inference';
import { seededRandom } from '#runtime/clock/random';
import { Gbnf } from '#test/support/gbnf';
import { validatorOf } from '../validator.js';

const object = (properties: Record<string, unknown>): Record<string, unknown> => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const tools: readonly ToolSpec[] = [
  { name: 'weather', parameters: object({ city: { type: 'string', maxLength: 12 } }) },
  { name: 'add', parameters: object({ a: { type: 'integer' }, b: { type: 'integer' } }) },
  { name: 'now', parameters: object({}) },
];

t.test('sentences of the grammar are calls whose arguments are of their tool', async (t) => {
  const grammar = new Gbnf(grammarOf({ tools, from: 'start', callsOnly: true }));
  const names = new Set<string>();
  fc.assert(
    fc.property(fc.nat(2 ** 31), (seed) => {
      const sentence = grammar.sentence(seededRandom(seed).next);
      const reader = new CallReader(tools, 'a');
      const calls = reader.push(sentence);
      const many = sentence.split(callOpens).length - 1;
      for (const { name, arguments: args } of calls) {
        names.add(name);
        const parameters = tools.find((tool) => tool.name === name)?.parameters ?? {};
        if (!validatorOf(parameters)(args)) throw new Error(`${JSON.stringify(args)} is not of ${name}`);
      }
      return calls.length === many && !reader.isOpen;
    }),
    { numRuns: 100, seed: 5 },
  );
  t.same([...names].sort(), ['add', 'now', 'weather']);
});

t.test('a call is read in parts of any length, and a closing tag inside a text does not end it', async () => {
  const text = '<tool_call>\n{"name": "weather", "arguments": {"city": "</tool_call>"}}\n</tool_call>';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 90, maxLength: 90 }), (lengths) => {
      const reader = new CallReader(tools, 'x');
      const calls = [];
      for (let at = 0, index = 0; at < text.length; at += lengths[index] ?? 1, index += 1) {
        calls.push(...reader.push(text.slice(at, at + (lengths[index] ?? 1))));
      }
      return calls.length === 1 && calls[0]?.arguments['city'] === '</tool_call>' && calls[0].id === 'x-1';
    }),
    { numRuns: 50 },
  );
});

t.test('arguments that do not fit, of a call that nothing constrained, are a bad answer', async (t) => {
  const reader = new CallReader(tools, 'x');
  t.throws(() => reader.push('<tool_call>{"name": "add", "arguments": {"a": "1"}}</tool_call>'), {
    code: 'BAD_ANSWER',
  });
});

t.test('the choice of tools decides the form', async (t) => {
  const both = { tools: [...tools], schema: { type: 'null' } };
  t.equal(formOf({}), undefined);
  t.equal(formOf({ tools: [...tools], toolChoice: 'none' }), undefined);
  t.match(formOf({ tools: [...tools] }), { from: 'call', callsOnly: false });
  t.match(formOf(both), { from: 'start', callsOnly: false });
  t.match(formOf({ ...both, toolChoice: 'required' }), { from: 'start', callsOnly: true });
  t.same(formOf({ tools: [...tools], toolChoice: { name: 'add' } })?.tools, [tools[1]]);
  t.throws(() => formOf({ tools: [...tools], toolChoice: { name: 'sub' } }), { code: 'BAD_MESSAGE' });
  t.throws(() => formOf({ toolChoice: 'required' }), { code: 'BAD_MESSAGE' });
});
