/**
 * Cycles in the import graph of a whole repository: specifiers are resolved against the known paths as Node and the
 * TypeScript compiler do, and the cycles are the strongly connected components (Tarjan 1972). A component is one
 * finding, at its first file in the order of paths, with one shortest way round.
 */
import type { Finding } from '../finding.js';
import type { FileImports } from './imports.js';
import { findingOfFile } from './place.js';

/** An import of the compiled name means the source. */
const sourcesOf: readonly (readonly [compiled: RegExp, sources: readonly string[]])[] = [
  [/\.js$/, ['.ts', '.tsx', '.jsx']],
  [/\.jsx$/, ['.tsx']],
  [/\.mjs$/, ['.mts']],
  [/\.cjs$/, ['.cts']],
];
const extensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];

/** Longest way round that a message spells out, in files. */
const longestMessage = 6;

type Graph = ReadonlyMap<string, readonly string[]>;

/** One finding per cycle. The order of the input does not matter. */
export function findCycles(imports: readonly FileImports[], known: ReadonlySet<string>): readonly Finding[] {
  const graph: Graph = new Map(
    [...imports]
      .sort((left, right) => (left.path < right.path ? -1 : 1))
      .map(({ path, to }) => [path, targetsOf(path, to, known)]),
  );
  return componentsOf(graph)
    .filter((component) => component.length > 1 || graph.get(component[0] ?? '')?.includes(component[0] ?? ''))
    .map((component) => findingOf([...component].sort(), graph));
}

function targetsOf(path: string, specifiers: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const targets = specifiers.map((specifier) => resolveImport(path, specifier, known));
  return [...new Set(targets.filter((target) => target !== undefined))].sort();
}

/** The path that a relative specifier means, or undefined when no known path fits. */
export function resolveImport(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  const base = joined(from.split('/').slice(0, -1), specifier.replace(/[?#].*$/, ''));
  if (base === undefined) return undefined;
  const folder = base === '' ? '' : `${base}/`;
  const candidates = [
    ...sourcesOf.flatMap(([compiled, sources]) =>
      compiled.test(base) ? sources.map((source) => base.replace(compiled, source)) : [],
    ),
    base,
    ...extensions.map((extension) => `${base}${extension}`),
    ...extensions.map((extension) => `${folder}index${extension}`),
  ];
  return candidates.find((candidate) => known.has(candidate));
}

/** A path within the repository, or undefined when it leads out of it. */
function joined(folder: readonly string[], specifier: string): string | undefined {
  const parts = [...folder];
  for (const part of specifier.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

function findingOf(files: readonly string[], graph: Graph): Finding {
  const [first = ''] = files;
  const way = shortestWay(first, new Set(files), graph);
  const shown = way.length > longestMessage ? [...way.slice(0, longestMessage), '...'] : way;
  const others = files.length > way.length ? ` (${files.length} files hang together in this and other ways)` : '';
  const message = `Import cycle: ${[...shown, first].join(' -> ')}${others}.`;
  return findingOfFile(first, 'imports/cycle', message, { facts: { files: files.length } });
}

/** The shortest way from a file back to it within its component, without the end; breadth first, in path order. */
function shortestWay(first: string, component: ReadonlySet<string>, graph: Graph): readonly string[] {
  const before = new Map<string, string>();
  const queue = [first];
  for (const file of queue) {
    for (const target of graph.get(file) ?? []) {
      if (target === first) return wayTo(file, first, before);
      if (!component.has(target) || before.has(target)) continue;
      before.set(target, file);
      queue.push(target);
    }
  }
  return [first];
}

function wayTo(last: string, first: string, before: ReadonlyMap<string, string>): readonly string[] {
  const way = [last];
  for (let file = last; file !== first; ) {
    file = before.get(file) ?? first;
    way.push(file);
  }
  return way.reverse();
}

interface Visit {
  readonly index: number;
  low: number;
  onStack: boolean;
}

/** Tarjan's components, with a list of open files in place of recursion: a chain of imports may be long. */
function componentsOf(graph: Graph): readonly (readonly string[])[] {
  const visits = new Map<string, Visit>();
  const stack: string[] = [];
  const components: string[][] = [];
  const begin = (file: string): { readonly file: string; readonly visit: Visit; next: number } => {
    const visit: Visit = { index: visits.size, low: visits.size, onStack: true };
    visits.set(file, visit);
    stack.push(file);
    return { file, visit, next: 0 };
  };
  for (const root of graph.keys()) {
    if (visits.has(root)) continue;
    const open = [begin(root)];
    for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
      const target = graph.get(frame.file)?.[frame.next];
      if (target !== undefined) {
        frame.next += 1;
        const seen = visits.get(target);
        if (seen === undefined) open.push(begin(target));
        else if (seen.onStack) frame.visit.low = Math.min(frame.visit.low, seen.index);
        continue;
      }
      open.pop();
      const parent = open.at(-1);
      if (parent !== undefined) parent.visit.low = Math.min(parent.visit.low, frame.visit.low);
      if (frame.visit.low === frame.visit.index) components.push(takeComponent(frame.file, stack, visits));
    }
  }
  return components;
}

function takeComponent(root: string, stack: string[], visits: ReadonlyMap<string, Visit>): string[] {
  const component: string[] = [];
  for (let file = stack.pop(); file !== undefined; file = stack.pop()) {
    const visit = visits.get(file);
    if (visit !== undefined) visit.onStack = false;
    component.push(file);
    if (file === root) break;
  }
  return component;
}
