/**
 * Complexity against the worked examples of G. Ann Campbell's "Cognitive Complexity" (SonarSource), put into TypeScript,
 * and against single rules of the paper.
 */
import t from 'tap';
import { findComplexity, measureFunctions } from '#actors/audit/code/complexity';
import { brief, programOf, sample } from './sample.js';

const table: readonly (readonly [what: string, text: string, cognitive: number, cyclomatic: number])[] = [
  [
    'sumOfPrimes (paper, introduction)',
    `function sumOfPrimes(max) { let total = 0;
      OUT: for (let i = 1; i <= max; ++i) { for (let j = 2; j < i; ++j) { if (i % j === 0) { continue OUT; } } total += i; }
      return total; }`,
    7,
    4,
  ],
  [
    'getWords (paper, introduction)',
    `function getWords(number) { switch (number) { case 1: return 'one'; case 2: return 'a couple'; case 3: return 'a few';
      default: return 'lots'; } }`,
    1,
    4,
  ],
  [
    'myMethod with a try (paper, nesting)',
    `function myMethod() { try { if (condition1) { for (let i = 0; i < 10; i++) { while (condition2) { } } } }
      catch (e) { if (condition2) { } } }`,
    9,
    6,
  ],
  [
    'myMethod2 with a lambda (paper, nesting)',
    'function myMethod2() { const r = () => { if (condition1) { } }; if (a) {} }',
    3,
    3,
  ],
  [
    'overriddenSymbolFrom (paper, appendix C)',
    `function overriddenSymbolFrom(classType) { if (classType.isUnknown()) { return unknownMethodSymbol; }
      let unknownFound = false;
      const symbols = classType.getSymbol().members().lookup(name);
      for (const overrideSymbol of symbols) {
        if (overrideSymbol.isKind(MTH) && !overrideSymbol.isStatic()) {
          const methodJavaSymbol = overrideSymbol;
          if (canOverride(methodJavaSymbol)) {
            const overriding = checkOverridingParameters(methodJavaSymbol, classType);
            if (overriding === null) { if (!unknownFound) { unknownFound = true; } }
            else if (overriding) { return methodJavaSymbol; }
          } } }
      if (unknownFound) { return unknownMethodSymbol; }
      return null; }`,
    19,
    10,
  ],
  ['one run of like operators', 'function f() { if (a && b && c) {} }', 2, 4],
  ['a change of operators', 'function f() { if (a && b || c && d) {} }', 4, 5],
  ['an if, an else-if and an else', 'function f() { if (a) {} else if (b) {} else {} }', 3, 3],
  ['else-ifs do not nest', 'function f() { if (a) {} else if (b) { if (c) {} } }', 4, 4],
  ['a condition', 'const f = () => a ? b : c', 1, 2],
  ['a nested condition', 'const f = () => a ? (b ? c : d) : e', 3, 3],
  ['a plain break', 'function f() { while (a) { break; } }', 1, 2],
  ['a jump to a label', 'function f() { x: while (a) { break x; } }', 2, 2],
  ['recursion', 'function f(n) { return f(n - 1); }', 1, 1],
  ['recursion of a method', 'class A { f(n) { return this.f(n - 1); } }', 1, 1],
  ['a default by ??', 'function f() { return a ?? b; }', 0, 2],
  ['a straight function', 'function f() { a(); b(); return c; }', 0, 1],
];

for (const [what, text, cognitive, cyclomatic] of table) {
  t.test(`${what}: cognitive ${cognitive}, cyclomatic ${cyclomatic}`, async (t) => {
    const [measured] = measureFunctions(programOf(sample('a.ts', text.includes('label') ? text : text))).toSorted(
      (left, right) => right.cognitive - left.cognitive,
    );
    t.match(measured, { cognitive, cyclomatic });
  });
}

t.test('a function that only holds others is a container: they count for themselves', async (t) => {
  const text = '(function () { function a() { if (x) {} } function b() { for (;;) { if (y) {} } } })()';
  t.strictSame(
    measureFunctions(programOf(sample('a.js', text))).map(({ name, cognitive }) => [name, cognitive]),
    [
      ['', 0],
      ['a', 1],
      ['b', 3],
    ],
  );
});

t.test('functions have the names that they are assigned to', async (t) => {
  const text = 'const a = () => 1; class B { c() {} d = () => 2 } const o = { e() {}, f: function () {} }';
  t.strictSame(
    measureFunctions(programOf(sample('a.ts', text))).map(({ name }) => name),
    ['a', 'c', 'd', 'e', 'f'],
  );
});

t.test('only a function above 25 is a finding, at its place, with its numbers', async (t) => {
  const nested = (depth: number): string => (depth === 0 ? '' : `if (a) { ${nested(depth - 1)} }`);
  const file = sample('a.ts', `\nfunction hard() { ${nested(7)} }\nfunction easy() { ${nested(6)} }\n`);
  const findings = findComplexity(file, measureFunctions(programOf(file)));
  t.strictSame(brief(findings), ['complexity/cognitive medium 2']);
  t.strictSame(findings[0]?.facts, { cognitive: 28, cyclomatic: 8, function: 'hard' });
});
