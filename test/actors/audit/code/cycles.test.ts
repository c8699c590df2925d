/** Imports of a file, and the cycles that the files of a repository make of them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { findCycles } from '#actors/audit/code/cycles';
import { readImports } from '#actors/audit/code/imports';
import { programOf, sample } from './sample.js';

t.test('only what is loaded with the file is an import', async (t) => {
  const text = `
    import a from './a'; import './side.css'; import { type T, b } from './b.js'; export * from './c'; export { d } from '../d';
    import e = require('./e'); const f = require('./f'); export {} from './g';
    import type { X } from './type1'; import { type Y } from './type2'; export type { Z } from './type3'; export type * from './type4';
    import fs from 'node:fs'; import own from '#own/x'; import lib from 'lib/x';
    async function later() { await import('./lazy1'); require('./lazy2'); } const g = () => import('./lazy3');
  `;
  t.strictSame(readImports(programOf(sample('src/x.ts', text))), [
    '../d',
    './a',
    './b.js',
    './c',
    './e',
    './f',
    './g',
    './side.css',
  ]);
});

type Graph = Readonly<Record<string, readonly string[]>>;

function cyclesIn(graph: Graph): readonly (readonly [path: string, message: string])[] {
  const imports = Object.entries(graph).map(([path, to]) => ({ path, to }));
  return findCycles(imports, new Set(Object.keys(graph))).map(({ path, message }) => [path, message] as const);
}

t.test('specifiers are resolved as the compiler does', async (t) => {
  for (const [from, to, specifier] of [
    ['src/a.ts', 'src/b.ts', './b'],
    ['src/a.ts', 'src/b.ts', './b.js'],
    ['src/a.ts', 'src/b.tsx', './b.js'],
    ['src/a.mts', 'src/b.mts', './b.mjs'],
    ['src/a.ts', 'src/b/index.ts', './b'],
    ['src/a.ts', 'index.js', '..'],
    ['src/a.ts', 'src/index.ts', '.'],
    ['src/a.ts', 'lib/b.cjs', '../lib/b.cjs'],
    ['src/a.ts', 'src/b.ts', './b.ts?raw'],
    ['src/a.ts', 'src/b.config.ts', './b.config'],
  ] as const) {
    const back = { [from]: [specifier], [to]: [`${'../'.repeat(to.split('/').length - 1) || './'}${from}`] };
    t.equal(cyclesIn(back).length, 1, `${specifier} in ${from} is ${to}`);
  }
  t.strictSame(cyclesIn({ 'a.ts': ['../../a.ts'] }), [], 'a way out of the repository leads nowhere');
});

t.test('a cycle is one finding at its first file, with the shortest way round', async (t) => {
  const graph = {
    'c.ts': ['./a'],
    'a.ts': ['./b', './d'],
    'b.ts': ['./c'],
    'd.ts': ['./e'],
    'e.ts': ['./f'],
    'f.ts': ['./a'],
    'x.ts': ['./a'],
  };
  t.strictSame(cyclesIn(graph), [
    ['a.ts', 'Import cycle: a.ts -> b.ts -> c.ts -> a.ts (6 files hang together in this and other ways).'],
  ]);
  t.strictSame(cyclesIn({ 'a.ts': ['./a'] }), [['a.ts', 'Import cycle: a.ts -> a.ts.']]);
  t.strictSame(cyclesIn({ 'a.ts': ['./b'], 'b.ts': ['./c'], 'c.ts': [] }), []);
});

t.test('two cycles apart are two findings', async (t) => {
  const graph = { 'a.ts': ['./b'], 'b.ts': ['./a', './c'], 'c.ts': ['./d'], 'd.ts': ['./c'] };
  t.strictSame(
    cyclesIn(graph)
      .map(([path]) => path)
      .toSorted(),
    ['a.ts', 'c.ts'],
  );
});

t.test('a chain of 20,000 files does not overflow the stack', async (t) => {
  const size = 20_000;
  const graph = Object.fromEntries(Array.from({ length: size }, (_, at) => [`f${at}.ts`, [`./f${(at + 1) % size}`]]));
  t.equal(cyclesIn(graph).length, 1);
});

/** The dumb twin: two files are in one cycle when each reaches the other. */
function reaches(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (const file of open) {
    for (const next of (graph[file] ?? []).map((specifier) => `${specifier.slice(2)}.ts`)) {
      if (next === to) return true;
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return false;
}

t.test('cycles are what files reach each other make, in any order of the input', async () => {
  const file = fc.integer({ min: 0, max: 7 });
  const edges = fc.array(fc.tuple(file, file), { maxLength: 20 });
  fc.assert(
    fc.property(edges, fc.boolean(), (pairs, backwards) => {
      const graph: Record<string, string[]> = {};
      for (let at = 0; at < 8; at++) graph[`${at}.ts`] = [];
      for (const [from, to] of pairs) graph[`${from}.ts`]?.push(`./${to}`);
      const names = Object.keys(graph);
      const firsts = names.filter(
        (name) =>
          reaches(graph, name, name) &&
          !names.some((other) => other < name && reaches(graph, name, other) && reaches(graph, other, name)),
      );
      const entries = Object.entries(graph);
      const found = cyclesIn(Object.fromEntries(backwards ? entries.toReversed() : entries)).map(([path]) => path);
      assert.deepEqual(found.toSorted(), firsts.toSorted());
    }),
    { numRuns: 200 },
  );
});
