/** Parsing: which files have a tree, and which are worth a word when they have none. */
import t from 'tap';
import { parseFile } from '#actors/audit/code/parse';
import { brief, sample } from './sample.js';

t.test('files of every dialect parse', async (t) => {
  for (const [path, text] of [
    ['a.ts', 'const x: number = <number>1; enum E { A } abstract class B { constructor(readonly c: string) {} }'],
    ['a.mts', 'export const x = 1 satisfies number;'],
    ['a.tsx', 'const x = <A<string> b={1}>text</A>;'],
    ['a.d.ts', 'declare module "x" { export function f(): void }'],
    ['a.js', 'with (a) { b = 010 }'],
    ['a.js', 'const x = <div/>;'],
    ['a.jsx', 'export default () => <div>{...a}</div>;'],
    ['a.cjs', 'const a = require("a"); return a'],
    ['a.mjs', 'import a from "a"; await a();'],
    ['cli.js', '#!/usr/bin/env node\nreturn 1'],
    ['flow.js', 'const x: number = 1; export type T = { a: string };'],
    ['decorated.ts', '@injectable() class A { @prop x = 1 }'],
  ] as const) {
    const { tree, findings } = parseFile(sample(path, text));
    t.ok(tree, `${path}: ${text}`);
    t.strictSame(findings, []);
  }
});

t.test('a broken source file is one low finding at the place of the error', async (t) => {
  const { tree, findings } = parseFile(sample('src/a.ts', 'const a = 1;\nconst = 2;\n'));
  t.equal(tree, undefined);
  t.strictSame(brief(findings), ['syntax/parse-error low 2']);
});

t.test('samples and templates may be broken, and other languages have no tree', async (t) => {
  for (const path of ['test/fixtures/bad.js', 'templates/app.ts', '__tests__/x.js']) {
    t.strictSame(parseFile(sample(path, 'const = 2')), { tree: undefined, findings: [] }, path);
  }
  t.strictSame(parseFile(sample('a.js', 'const a = <%= value %>;')).findings, []);
  t.strictSame(parseFile(sample('a.py', 'def f(:')), { tree: undefined, findings: [] });
});

t.test('a long line of errors is refused: the parser would quote the whole line with each of them', async (t) => {
  for (const text of ['\\'.repeat(100_000), 'return;'.repeat(20_000), `x;\n${'@ '.repeat(50_000)}`]) {
    t.strictSame(brief(parseFile(sample('src/a.ts', text)).findings), ['syntax/not-parsed low 0']);
  }
  const data = `export const image = '${'A'.repeat(20_000)}';\n`;
  t.ok(parseFile(sample('src/a.ts', data)).tree, 'a line of data is let through');
  const long = 'export const value = call(argument);\n'.repeat(50_000);
  t.ok(parseFile(sample('src/a.ts', long)).tree, 'many lines are let through');
});
