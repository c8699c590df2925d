/** What the grammar of a schema lets through is of the schema, and what no grammar can hold is refused by name. */
import fc from 'fast-check';
import t from 'tap';
import { conforms } from '#actors/inference/llama/grammar/conforms';
import { grammarOf } from '#actors/inference/llama/grammar/grammars';
import { SkepError } from '#protocols/wire/error';
import { Gbnf } from '#test/support/gbnf';
import { seededRandom } from '#runtime/clock/random';
import { validatorOf } from '../validator.js';
import { schemas } from '../random-schema.js';

const grammar = (schema: Record<string, unknown>): Gbnf =>
  new Gbnf(grammarOf({ schema, tools: [], from: 'start', callsOnly: false }));

function refusal(schema: Record<string, unknown>): string {
  try {
    grammar(schema);
  } catch (error) {
    if (error instanceof SkepError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'was taken';
}

t.test('every sentence of the grammar of a random schema is valid by an independent validator', async (t) => {
  let sentences = 0;
  fc.assert(
    fc.property(schemas(), fc.nat(2 ** 31), (schema, seed) => {
      const validate = validatorOf(schema);
      const { next } = seededRandom(seed);
      const read = grammar(schema);
      for (let index = 0; index < 5; index += 1) {
        const sentence = read.sentence(next);
        sentences += 1;
        const value: unknown = JSON.parse(sentence);
        if (!validate(value)) throw new Error(`${sentence} is not of ${JSON.stringify(schema)}`);
        if (!conforms(value, schema)) throw new Error(`${sentence} is told not to be of ${JSON.stringify(schema)}`);
      }
    }),
    { numRuns: Number(process.env['SKEP_ROUNDS'] ?? 120), seed: 7 },
  );
  t.ok(sentences >= 100, `${sentences} sentences`);
});

t.test('the second look agrees with an independent validator on values of other schemas', async (t) => {
  let both = 0;
  fc.assert(
    fc.property(schemas(), schemas(), fc.boolean(), fc.nat(2 ** 31), (made, other, either, seed) => {
      // Two schemas that were drawn apart have next to no value in common. A reference means its own root.
      const joined = either && !('$defs' in made) && !('$defs' in other);
      const asked = joined ? { anyOf: [other, made] } : other;
      const value: unknown = JSON.parse(grammar(made).sentence(seededRandom(seed).next));
      const valid = validatorOf(asked)(value);
      if (valid) both += 1;
      return conforms(value, asked) === valid || usesFormat(asked);
    }),
    { numRuns: 120, seed: 11 },
  );
  t.ok(both > 20 && both < 100, `${both} of 120 values fit`);
});

t.test('schemas that no grammar can hold are refused, naming the part', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ type: 'string', pattern: '^a' }, /BAD_SCHEMA schema: the keyword "pattern"/],
    [{ type: 'object', properties: { a: { not: {} } } }, /schema\/properties\/a: the keyword "not"/],
    [{ allOf: [{ type: 'string' }, { maxLength: 3 }] }, /schema: "allOf" of several/],
    [{ type: 'array', items: { type: 'integer' }, uniqueItems: true }, /"uniqueItems"/],
    [{ type: 'integer', minimum: 3, maximum: 2 }, /allows no integer/],
    [{ type: 'number', minimum: 0.2, maximum: 0.7 }, /no integer between its bounds/],
    [{ type: 'string', minLength: 4, maxLength: 2 }, /allows no string/],
    [{ type: 'string', format: 'date', maxLength: 5 }, /allows no string/],
    [{ enum: ['a', 2], type: 'boolean' }, /allows no value/],
    [{ $ref: '#/$defs/a' }, /"#\/\$defs\/a", which is not there/],
    [{ $ref: 'https://example.org/a' }, /may only point into the same schema/],
    [{ $ref: '#' }, /leads back to itself/],
    [{ anyOf: [{ type: 'null' }, { $ref: '#' }] }, /leads back to itself/],
    [{ type: 'array', items: false, minItems: 2 }, /"minItems" is more than/],
    [{ type: 'telephone' }, /one of JSON's types; found "telephone"/],
    [{ type: 'string', minLength: 5_000 }, /"minLength" may be 1000 at most/],
    [{ properties: { a: false }, required: ['a'] }, /properties\/a: allows no value/],
  ];
  for (const [schema, said] of cases) t.match(refusal(schema), said, JSON.stringify(schema));
});

t.test('a schema that refers to itself is taken, and its sentences are of it', async (t) => {
  const tree = {
    type: 'object',
    properties: {
      value: { type: 'integer', minimum: 0, maximum: 9 },
      next: { anyOf: [{ type: 'null' }, { $ref: '#' }] },
    },
    required: ['value', 'next'],
    additionalProperties: false,
  };
  const { next } = seededRandom(3);
  const read = grammar(tree);
  const depths = Array.from({ length: 50 }, () => {
    const sentence = read.sentence(next);
    t.ok(validatorOf(tree)(JSON.parse(sentence)), sentence);
    return sentence.split('value').length;
  });
  t.ok(Math.max(...depths) > 3, 'some of them are nested');
});

t.test(
  'a schema twenty thousand levels deep, or of a hundred thousand nodes, is refused without recursion',
  async (t) => {
    let deep: Record<string, unknown> = { type: 'null' };
    for (let level = 0; level < 20_000; level += 1) deep = { type: 'array', items: deep };
    t.match(refusal(deep), /BAD_SCHEMA schema is nested deeper than 32 schemas/);
    const wide = { enum: Array.from({ length: 100_000 }, (_, index) => index) };
    t.match(refusal(wide), /BAD_SCHEMA schema has more than 10000 nodes/);
    let middling: Record<string, unknown> = { type: 'null' };
    for (let level = 0; level < 40; level += 1) middling = { type: 'array', items: middling };
    t.match(refusal(middling), /BAD_SCHEMA .*is nested deeper than 32 schemas/);
  },
);

t.test('an upper bound above what is counted allows less and nothing wrong', async (t) => {
  const schema = { type: 'string', maxLength: 100_000 };
  t.ok(validatorOf(schema)(JSON.parse(grammar(schema).sentence(seededRandom(1).next))));
  t.match(grammarOf({ schema, tools: [], from: 'start', callsOnly: false }), /\{0,1000\}/);
});

t.test('names and texts with signs of the grammar in them come through as they are', async (t) => {
  for (const text of ['"', '\\', '\n', ']', '[^', '{2}', '::=', 'ä', '😀', '\u0000', '%', '\\x41']) {
    const schema = { type: 'object', properties: { [text]: { const: text } }, required: [text] };
    t.same(JSON.parse(grammar(schema).sentence(() => 0)), { [text]: text }, JSON.stringify(text));
  }
});

function usesFormat(schema: unknown): boolean {
  return JSON.stringify(schema).includes('"format"');
}

t.test('the independent validator knows the formats', async (t) => {
  t.notOk(validatorOf({ type: 'string', format: 'date' })('2026-02-30'));
});
