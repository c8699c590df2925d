/**
 * The sources as the tidy tests see them: path and text of every TypeScript file under the folders that `tsconfig.json`
 * compiles. The rules take a list of these instead of reading the disk, so that each rule is also shown to fail on a
 * tree that exists in memory only.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A source file: its path from the root with forward slashes, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A breach of a rule, as a person reads it. */
export interface Breach {
  readonly path: string;
  /** 1-based, 0 when the breach is about the file as a whole. */
  readonly line: number;
  readonly message: string;
}

/** The root of the clone; compiled tests run from `dist/test/tidy/`. */
export const root = join(import.meta.dirname, '../../..');

/** All sources on disk, sorted by path. */
export async function readSources(): Promise<readonly Source[]> {
  const settings = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
    readonly include: readonly string[];
  };
  const folders = new Set(settings.include.map((pattern) => pattern.slice(0, pattern.indexOf('/'))));
  const sources: Source[] = [];
  for (const folder of [...folders].sort()) {
    for (const path of await typescriptFiles(folder)) {
      sources.push({ path, text: await readFile(join(root, path), 'utf8') });
    }
  }
  return sources;
}

async function typescriptFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(root, folder), { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith('.ts') && !name.split(/[\\/]/).includes('node_modules'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}

/** The first folder of a path: `runtime` of `runtime/clock/clock.ts`. */
export function topFolder(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** Breaches as text for a test's message. */
export function describe(breaches: readonly Breach[]): readonly string[] {
  return breaches.map(({ path, line, message }) =>
    line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`,
  );
}
