/** Reads lists of scenarios and the names of tests, and says which row has no test. */
import type { Source } from './sources.js';

/** A row of a list. */
export interface Row {
  readonly scenario: string;
  readonly test: string;
}

/** The rows of the tables of two columns on a page, without their headings. */
export function rowsOf(page: string): readonly Row[] {
  const rows = page.split('\n').map((line) =>
    /^\s*\|/.test(line)
      ? line
          .trim()
          .replace(/^\||\|$/g, '')
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim().replaceAll('\\|', '|'))
      : [],
  );
  return rows.flatMap((cells, index) => {
    const [scenario = '', test = ''] = cells;
    const isRule = cells.every((cell) => /^:?-+:?$/.test(cell));
    const isHeading = rows[index + 1]?.every((cell) => /^:?-+:?$/.test(cell)) === true && rows[index + 1]?.length === 2;
    return cells.length === 2 && !isRule && !isHeading ? [{ scenario, test }] : [];
  });
}

/** Names of tests as patterns: a variable in a name stands for anything. */
export function testNames(sources: readonly Source[]): ReadonlyMap<string, RegExp> {
  const names = new Map<string, RegExp>();
  for (const { path, text } of sources) {
    if (!path.startsWith('test/') || !path.endsWith('.test.ts')) continue;
    for (const [, quote, raw = ''] of text.matchAll(/\b(?:test|proves)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/gs)) {
      const name = raw.replaceAll(/\\(.)/gs, '$1');
      const pieces = quote === '`' ? name.split(/\$\{[^}]*\}/) : [name];
      names.set(name, new RegExp(`^${pieces.map((piece) => escaped(piece)).join('.+')}$`, 's'));
    }
  }
  return names;
}

/** What is wrong with a row; undefined when its tests exist or it says why it has none. */
export function faultOf(
  { scenario, test }: Row,
  tests: ReadonlyMap<string, RegExp>,
  paths: ReadonlySet<string>,
): string | undefined {
  const isTest = (name: string): boolean =>
    tests.has(name) || [...tests.values()].some((pattern) => pattern.test(name));
  if (test === '') return `${scenario}: names no test`;
  if (isTest(test)) return undefined;
  // What it is that does not apply, and why.
  if (/^(does not apply|not applicable|not offered|not done|left out)\b.{10,}/i.test(test)) return undefined;
  const quoted = [...test.matchAll(/`([^`]+)`|"([^"]+)"/g)].map(([, one, other]) => one ?? other ?? '');
  const named = quoted.length > 0 ? quoted : [test];
  const missing = named.filter((name) => !isTest(name) && !paths.has(name));
  return missing.length === 0 ? undefined : `${scenario}: no test named "${missing.join('", "')}"`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
