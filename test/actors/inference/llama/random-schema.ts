/** JSON schemas of bounded size by chance, over the keywords that grammars hold. */
import fc from 'fast-check';

type Json = Record<string, unknown>;

const name = fc.stringMatching(/^[a-zA-Z_ "\\äß.-]{1,8}$/);
const bounds = fc.tuple(fc.integer({ min: -200, max: 200 }), fc.integer({ min: 0, max: 300 }));

const integers: fc.Arbitrary<Json> = fc.oneof(
  fc.constant({ type: 'integer' }),
  bounds.map(([low, width]) => ({ type: 'integer', minimum: low, maximum: low + width })),
  bounds.map(([low, width]) => ({ type: 'integer', exclusiveMinimum: low, exclusiveMaximum: low + width + 2 })),
  bounds.map(([low]) => ({ type: 'integer', minimum: low })),
);
const numbers: fc.Arbitrary<Json> = fc.oneof(
  fc.constant({ type: 'number' }),
  bounds.map(([low, width]) => ({ type: 'number', minimum: low - 0.5, maximum: low + width + 0.5 })),
  bounds.map(([low, width]) => ({ type: 'number', exclusiveMinimum: low, maximum: low + width + 1 })),
  bounds.map(([high]) => ({ type: 'number', exclusiveMaximum: high })),
);
const strings: fc.Arbitrary<Json> = fc.oneof(
  fc
    .tuple(fc.nat(4), fc.nat(6))
    .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more })),
  fc.constantFrom('date', 'time', 'date-time', 'uuid').map((format) => ({ type: 'string', format })),
);
const values: fc.Arbitrary<Json> = fc.oneof(
  fc
    .array(fc.oneof(fc.string({ maxLength: 6, unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null)), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => ({ enum: list })),
  fc
    .oneof(
      fc.string({ maxLength: 6 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant({ a: [1, '"'] }),
    )
    .map((value) => ({ const: value === 0 ? 0 : value })),
);
const scalars = fc.oneof(
  integers,
  numbers,
  strings,
  values,
  fc.constantFrom({ type: 'boolean' }, { type: 'null' }, { type: ['integer', 'null'] }),
);

/** Schemas that are no deeper than `depth`. */
export function schemas(depth = 3): fc.Arbitrary<Json> {
  if (depth <= 1) return scalars;
  const inner = schemas(depth - 1);
  const objects = fc
    .tuple(fc.dictionary(name, inner, { maxKeys: 4, noNullPrototype: true }), fc.nat(15))
    .map(([properties, mask]) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).filter((_, index) => (mask >> index) % 2 === 1),
      additionalProperties: false,
    }));
  const arrays = fc
    .tuple(inner, fc.nat(2), fc.nat(2))
    .map(([items, minItems, more]) => ({ type: 'array', items, minItems, maxItems: minItems + more }));
  const tuples = fc
    .array(inner, { minLength: 1, maxLength: 3 })
    .map((prefixItems) => ({ type: 'array', prefixItems, items: false, minItems: prefixItems.length }));
  const either = fc.array(inner, { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf }));
  const tagged = fc.tuple(inner, inner).map(([a, b]) => ({
    oneOf: [
      { type: 'object', properties: { kind: { const: 'a' }, value: a }, required: ['kind', 'value'] },
      { type: 'object', properties: { kind: { const: 'b' }, value: b }, required: ['kind', 'value'] },
    ],
  }));
  const trees = inner.map((leaf) => ({
    $defs: { leaf },
    type: 'object',
    properties: { left: { $ref: '#/$defs/leaf' }, right: { $ref: '#/$defs/leaf' } },
    required: ['left'],
    additionalProperties: false,
  }));
  return fc.oneof(
    { weight: 2, arbitrary: scalars },
    objects,
    arrays,
    tuples,
    either,
    tagged,
    depth === 3 ? trees : objects,
  );
}
