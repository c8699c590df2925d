/** Where a text stops being JSON: exactly the texts that `JSON.parse` refuses have such a place. */
import fc from 'fast-check';
import t from 'tap';
import { jsonFault } from '#cli/remote/json-fault';

t.test('the place and what was expected there', async (t) => {
  const table: readonly (readonly [text: string, position: number, expected: string])[] = [
    ['', 0, 'a value'],
    ['{', 1, 'a name or }'],
    ['{"a"', 4, ':'],
    ['{"a":}', 5, 'a value'],
    ['{"a":1', 6, ', or }'],
    ['{"a":1,}', 7, 'a name'],
    ["{'a':1}", 1, 'a name or }'],
    ['[1 2]', 3, ', or ]'],
    ['[1,]', 3, 'a value'],
    ['[', 1, 'a value or ]'],
    ['{} {}', 3, 'the end'],
    ['hello', 0, 'a value'],
    ['"a\nb"', 0, 'a value'],
    ['01', 1, 'the end'],
    ['{"a":[1,{"b":tru}]}', 13, 'a value'],
  ];
  for (const [text, position, expected] of table) t.same(jsonFault(text), { position, expected }, text);
});

t.test(
  'a valid text has its fault at its end, where the end was expected; an invalid one nowhere like that',
  async (t) => {
    const soup = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'a', '1', '-', '.', 'e', ' ', '\\', 'true', 'null'),
      maxLength: 24,
    });
    const texts = fc.oneof(
      fc.json(),
      soup,
      fc
        .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }))
        .map(([text, at, more]) => text.slice(0, at % (text.length + 1)) + more),
    );
    const agrees = fc.check(
      fc.property(texts, (text) => {
        const { position, expected } = jsonFault(text);
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        return valid === (position === text.length && expected === 'the end');
      }),
      { numRuns: 2_000 },
    );
    t.notOk(agrees.failed, JSON.stringify(agrees.counterexample));
  },
);
