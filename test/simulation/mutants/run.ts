/**
 * Plants each bug of the lists and looks for it: `node dist/test/simulation/mutants/run.js [--write] [model...]`. A line
 * for each, then a table; exit code 1 when one survives its seeds. `--only TEXT` tries those whose names contain it.
 */
import { parseArgs } from 'node:util';
import { type Found, foundTable, writeFound } from './found.js';
import { mutantLists } from './lists.js';
import { tryMutants } from './try.js';

/** A mutant that so many seeds do not find survives. */
const MOST_SEEDS = 2_000;
/** A mutant that takes longer survives. */
const LIMIT_MS = 600_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const lists = (await mutantLists()).filter(({ model }) => positionals.length === 0 || positionals.includes(model));
const rows: Found[] = [];
let broken = 0;
for (const { model, mutants } of lists) {
  for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time: their times are told
    const [result] = await tryMutants([{ model, modules: [], mutant, from: 1, seeds: MOST_SEEDS }], LIMIT_MS);
    const { tried = 0, ms = 0, found, error } = result ?? {};
    const invariant = (found?.failure.invariant ?? error ?? '').replaceAll(/[|\n]/g, ' ');
    rows.push({ model, mutant: mutant.name, tried, seed: found?.seed, invariant, ms });
    if (found === undefined) broken += 1;
    process.stdout.write(
      `${model}: ${mutant.name}: ${found === undefined ? `SURVIVED ${error ?? `${tried} seeds`}` : `seed ${found.seed}, ${invariant}`} (${Math.round(ms)} ms)\n`,
    );
  }
}
process.stdout.write(`\n${foundTable(rows)}\n\n${rows.length} mutants, ${broken} survived\n`);
if (values.write && values.only === '') await writeFound(rows);
process.exitCode = broken === 0 && rows.length > 0 ? 0 : 1;
