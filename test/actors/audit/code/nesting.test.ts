/** The guard before the native parser: what it must refuse, and what it must let through. */
import t from 'tap';
import { depthOf, isShallow, maxDepth } from '#actors/audit/code/nesting';
import { parseFile } from '#actors/audit/code/parse';
import { brief, sample } from './sample.js';

const levels = 5000;
const many = (open: string, middle: string, close = ''): string => open.repeat(levels) + middle + close.repeat(levels);

const bombs: readonly (readonly [name: string, text: string])[] = [
  ['parentheses', many('(', '1', ')')],
  ['arrays', many('[', '1', ']')],
  ['blocks', many('{', '', '}')],
  ['template literals', many('`${', '1', '}`')],
  ['arrow functions', many('a=>', '1')],
  ['type arguments', `type A = ${many('B<', 'C', '>')}`],
  ['elements of JSX', many('<a>', '', '</a>')],
  ['elements with separators in their text', many('<a>;,', '', '</a>')],
  ['decorators', many('@\n', 'a')],
  ['open type arguments over lines', many('return <\n', 'a')],
  ['a sum', many('a+', 'a')],
  ['a chain of else-ifs', `if(a){}${many('else if(a){}', '')}`],
  ['negations', many('!', 'a')],
  ['conditions', many('a?b:', 'c')],
  ['assignments', many('a=', '1')],
  ['loops', many('for(;;)', ';')],
  ['ifs over lines', many('if(a)\n', ';')],
  ['typeof', many('typeof ', 'a')],
  ['classes over lines', many('class A extends\n', 'B', ' {}')],
  ['casts', many('', 'a', ' as any')],
  ['tagged templates', many('``', '').repeat(20)],
  ['members', `a${many('.b', '').repeat(20)}`],
  ['calls', `a${many('()', '').repeat(20)}`],
  ['brackets behind a regular expression with a back-quote', `/\`/;${many('(', '1', ')')}`],
  ['brackets behind an open quote', `x = 'it${many('(', '1', ')')}`],
];

for (const [name, text] of bombs) {
  t.test(`${levels} levels of ${name} are refused before they reach the parser`, async (t) => {
    t.notOk(isShallow(text, true));
    t.strictSame(brief(parseFile(sample('src/bomb.tsx', text)).findings), ['syntax/not-parsed low 0']);
  });
}

t.test('code that is merely long is let through', async (t) => {
  const longs = {
    'an array of numbers': `x = [${'1,'.repeat(100_000)}]`,
    statements: 'call(a + b);\n'.repeat(20_000),
    'statements without semicolons': 'const a = b + c\ncall(a)\n'.repeat(20_000),
    'a page of elements': `x = <p>${'<a href="x" id={y}>text more</a>\n<br/>'.repeat(5000)}</p>`,
    'a comment with brackets': `/* ${'( '.repeat(3000)} */`,
    'a string with operators': `x = '${'+-/'.repeat(10_000)}'`,
    'a template with text': `x = \`${'a + b / c '.repeat(10_000)}\``,
    'methods of a class': `class A {${'m(a) { return a + 1 }\n'.repeat(5000)}}`,
  };
  for (const [name, text] of Object.entries(longs)) t.ok(depthOf(text) <= maxDepth, `${name}: ${depthOf(text)}`);
});

t.test('the measure counts open brackets and pending operators', async (t) => {
  for (const [text, depth] of [
    ['', 1],
    ['a', 1],
    ['(a)', 2],
    ['([a])', 3],
    ['!a', 2],
    ['a.b', 1],
    ['a;!a;!a', 2],
    ['(!a)', 3],
    ["'((('", 1],
    ["it's (a)", 2],
    ['// (((', 1],
    ['/[(]/.test(a)', 2],
    ['a / (b) / c', 3],
    ['`${(a)}`', 3],
  ] as const) {
    t.equal(depthOf(text), depth, text);
  }
});
