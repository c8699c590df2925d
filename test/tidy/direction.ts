/**
 * The direction of imports: protocols <- runtime <- cluster <- actors <- cli. A layer may be understood, tested and
 * reused without what stands above it; that is only true while nothing below imports upwards, types included, because a
 * type import binds two designs as firmly as a value does.
 */
import { type Breach, type Source, topFolder } from './sources.js';
import { moduleUses } from './syntax.js';

/** Which folders each folder may import, besides itself. What is not listed may import nothing. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  protocols: [],
  // Settings are data: only the composition root reads them and hands them down.
  config: ['protocols'],
  runtime: ['protocols'],
  cluster: ['protocols', 'runtime'],
  actors: ['protocols', 'runtime', 'cluster'],
  cli: ['protocols', 'runtime', 'cluster', 'actors', 'config'],
  // Benchmarks measure the same runs that tests check, so they share the helpers that make and follow them.
  bench: ['protocols', 'runtime', 'cluster', 'actors', 'cli', 'config', 'test'],
  examples: ['protocols', 'runtime', 'cluster', 'actors', 'cli', 'config'],
  test: ['protocols', 'runtime', 'cluster', 'actors', 'cli', 'config', 'bench', 'examples'],
};

/** Imports against the direction, and imports that name a module of ours in the wrong form. */
export function directionBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) =>
    moduleUses(source).flatMap(({ specifier, line }) => {
      const message = specifier.startsWith('#')
        ? packageImportFault(source.path, specifier)
        : relativeImportFault(source.path, specifier);
      return message === undefined ? [] : [{ path: source.path, line, message }];
    }),
  );
}

function packageImportFault(path: string, specifier: string): string | undefined {
  const from = topFolder(path);
  const to = /^#([^/]+)/.exec(specifier)?.[1] ?? '';
  if (specifier.endsWith('.js') || specifier.endsWith('.ts')) return `${specifier}: a # import has no extension`;
  // A test names the code under test and its own helpers alike.
  if (from === to) return from === 'test' ? undefined : `${specifier}: within ${from}/ imports are relative`;
  if (allowed[from]?.includes(to) === true) return undefined;
  return `${specifier}: ${from}/ may not import ${to}/`;
}

function relativeImportFault(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const from = topFolder(path);
  const to = topFolder(target);
  // A path that climbs above the root lands on a file there, which has no folder.
  if (from === to) return undefined;
  return `${specifier}: leaves ${from}/; imports of another folder are written as #folder/...`;
}
