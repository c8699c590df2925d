/**
 * Words of the environment as values: what reads as the type becomes it, anything else stays the text it was.
 */
import t from 'tap';
import { coerceText } from '#config/coerce';
import type { LeafType } from '#config/leaves';

const whole: LeafType = { kind: 'whole', min: 0, max: 9 };
const cases: readonly (readonly [type: LeafType, text: string, value: unknown])[] = [
  [whole, '12', 12],
  [whole, ' -3 ', -3],
  [whole, '1.5', 1.5],
  [whole, '', ''],
  [whole, '0x10', '0x10'],
  [whole, '1e3', '1e3'],
  [whole, 'Infinity', 'Infinity'],
  [{ kind: 'boolean' }, 'true', true],
  [{ kind: 'boolean' }, 'FALSE', false],
  [{ kind: 'boolean' }, '1', true],
  [{ kind: 'boolean' }, '0', false],
  [{ kind: 'boolean' }, 'Maybe', 'Maybe'],
  [{ kind: 'record' }, '{"a":"b"}', { a: 'b' }],
  [{ kind: 'record' }, '{"a":', '{"a":'],
  [{ kind: 'text' }, '12', '12'],
  [{ kind: 'choice', choices: ['1'] }, '1', '1'],
];

for (const [type, text, value] of cases) {
  t.test(`${JSON.stringify(text)} read as ${type.kind} is ${JSON.stringify(value)}`, async (t) => {
    t.strictSame(coerceText(type, text), value);
  });
}
