/** The table of mutants with the seed that found each, `FOUND.md`: written by `run.js --write`, read by the test. */
import { readFile, writeFile } from 'node:fs/promises';
import type { MutantList } from './lists.js';

/** A row of the table. */
export interface Found {
  readonly model: string;
  readonly mutant: string;
  readonly tried: number;
  /** Undefined for a mutant that survived. */
  readonly seed: number | undefined;
  readonly invariant: string;
  readonly ms: number;
}

// Beside the source, not beside the compiled file.
const page = new URL('../../../../test/simulation/mutants/FOUND.md', import.meta.url);
const cells = ['model', 'mutant', 'seeds tried', 'seed', 'invariant', 'ms'];

/** The table as text. */
export function foundTable(rows: readonly Found[]): string {
  const lines = rows.map(({ model, mutant, tried, seed, invariant, ms }) =>
    [model, mutant, tried, seed ?? 'survived', invariant, Math.round(ms)].join(' | '),
  );
  return [cells.join(' | '), cells.map(() => '---').join(' | '), ...lines].map((line) => `| ${line} |`).join('\n');
}

/** Puts rows in the place of those of the same mutants, and drops those of mutants that are in no list any more. */
export async function writeFound(rows: readonly Found[], lists: readonly MutantList[]): Promise<void> {
  const fresh = new Map([...(await readFound()), ...rows].map((row) => [`${row.model}: ${row.mutant}`, row]));
  const listed = lists.flatMap(({ model, mutants }) => mutants.map(({ name }) => `${model}: ${name}`));
  const text = [
    '# Mutants and the seeds that find them',
    '',
    'Each row is a bug that was planted in a protocol, the first seed of the simulator under which it breaks a promise, and',
    'the promise. Written by `node dist/test/simulation/mutants/run.js --write`; `test/simulation/mutants.test.ts` runs every',
    'seed again, with the bug and without it.',
    '',
    foundTable(listed.flatMap((name) => fresh.get(name) ?? [])),
    '',
  ];
  await writeFile(page, text.join('\n'));
}

/** The rows of the page; none when there is no page. */
export async function readFound(): Promise<readonly Found[]> {
  const text = await readFile(page, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter(([model]) => model !== 'model' && model !== '---')
    .map(([model = '', mutant = '', tried, seed, invariant = '', ms]) => ({
      model,
      mutant,
      tried: Number(tried),
      seed: seed === 'survived' ? undefined : Number(seed),
      invariant,
      ms: Number(ms),
    }));
}
