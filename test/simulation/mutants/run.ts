/**
 * Plants each bug of the lists and looks for it: `node dist/test/simulation/mutants/run.js [--write] [model...]`. A line
 * for each, then a table; exit code 1 when one survives its seeds. `--only TEXT` tries those whose names contain it,
 * `--jobs N` so many at a time.
 */
import { parseArgs } from 'node:util';
import { type Found, foundTable, writeFound } from './found.js';
import { mutantLists } from './lists.js';
import type { Mutant } from './mutant.js';
import { tryMutants } from './try.js';

/** A mutant that so many seeds do not find survives. */
const MOST_SEEDS = 2_000;
/** A mutant that takes longer survives. */
const LIMIT_MS = 900_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
  },
});
const lists = (await mutantLists()).filter(({ model }) => positionals.length === 0 || positionals.includes(model));
const wanted = lists.flatMap(({ model, mutants }) =>
  mutants.filter(({ name }) => name.includes(values.only)).map((mutant) => ({ model, mutant })),
);
const rows: (Found | undefined)[] = wanted.map(() => undefined);

/** Looks for one, in a process of its own. */
async function look(model: string, mutant: Mutant): Promise<Found> {
  const [result] = await tryMutants([{ model, modules: [], mutant, from: 1, seeds: MOST_SEEDS }], LIMIT_MS);
  const { tried = 0, ms = 0, found, error } = result ?? {};
  const invariant = (found?.failure.invariant ?? error ?? '').replaceAll(/[|\n]/g, ' ');
  const verdict = found === undefined ? `SURVIVED ${error ?? `${tried} seeds`}` : `seed ${found.seed}, ${invariant}`;
  process.stdout.write(`${model}: ${mutant.name}: ${verdict} (${Math.round(ms)} ms)\n`);
  return { model, mutant: mutant.name, tried, seed: found?.seed, invariant, ms };
}

const left = [...wanted.entries()];
async function lane(): Promise<void> {
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const [index, { model, mutant }] = next;
    // oxlint-disable-next-line no-await-in-loop -- a lane is one mutant at a time
    rows[index] = await look(model, mutant);
  }
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, lane));

const found = rows.flatMap((row) => row ?? []);
const survivors = found.filter(({ seed }) => seed === undefined).length;
process.stdout.write(`\n${foundTable(found)}\n\n${found.length} mutants, ${survivors} survived\n`);
if (values.write && values.only === '') await writeFound(found);
process.exitCode = survivors === 0 && found.length > 0 ? 0 : 1;
