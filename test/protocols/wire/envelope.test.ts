/** A spawn spec from another node is data of a stranger: each field is checked and named. */
import { type SpawnSpec, spawnSpecSchema } from '#protocols/wire/envelope';
import { checkSpec } from '#runtime/actor/check-spec';
import t from 'tap';

const good: SpawnSpec = { definition: 'counter', args: { start: 1 }, restart: 'permanent', placement: 'default' };

t.test('a whole spec passes as it is, with and without its optional fields', async (t) => {
  t.same(spawnSpecSchema.parse(good), good);
  const full = { ...good, version: 2, name: 'hits', parent: 'a@1/0/1', placement: 3 };
  t.same(spawnSpecSchema.parse(full), full);
});

t.test('a malformed spec is refused with BAD_MESSAGE that names the field', async (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['spec', null],
    ['spec', 'counter'],
    ['definition', { ...good, definition: '' }],
    ['definition', { ...good, definition: 7 }],
    ['version', { ...good, version: 1.5 }],
    ['name', { ...good, name: {} }],
    ['parent', { ...good, parent: 'not an address' }],
    ['restart', { ...good, restart: 'sometimes' }],
    ['placement', { ...good, placement: -1 }],
    ['placement', { ...good, placement: 'elsewhere' }],
  ];
  for (const [field, spec] of cases) {
    t.throws(() => checkSpec(spec), { code: 'BAD_MESSAGE', facts: { field } }, `${field}: ${JSON.stringify(spec)}`);
  }
});
