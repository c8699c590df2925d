/**
 * Plants each bug of the lists and looks for it: `node dist/test/simulation/mutants/run.js [--write] [model...]`. A line
 * for each, then a table; exit code 1 when one survives its seeds. `--only TEXT` tries those whose names contain it,
 * `--jobs N` so many at a time, `--seeds N` gives each so many seeds in the place of 2,000.
 */
import { parseArgs } from 'node:util';
import { type Found, foundTable, writeFound } from './found.js';
import { mutantLists } from './lists.js';
import type { Mutant } from './mutant.js';
import { tryMutants } from './try.js';

/** A mutant that takes longer survives. */
const LIMIT_MS = 900_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '2000' },
  },
});
const lists = await mutantLists();
const wanted = lists
  .filter(({ model }) => positionals.length === 0 || positionals.includes(model))
  .flatMap(({ model, mutants }) =>
    mutants.filter(({ name }) => name.includes(values.only)).map((mutant) => ({ model, mutant })),
  );
const rows: (Found | undefined)[] = wanted.map(() => undefined);
/** Mutants that could not be tried at all. */
let broken = 0;

/** Looks for one, in a process of its own. */
async function look(model: string, mutant: Mutant): Promise<Found> {
  const [result] = await tryMutants([{ model, modules: [], mutant, from: 1, seeds: Number(values.seeds) }], LIMIT_MS);
  const { tried = 0, ms = 0, found, error } = result ?? {};
  if (error !== undefined) broken += 1;
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
process.stdout.write(
  `\n${foundTable(found)}\n\n${found.length} mutants, ${survivors} survived, ${broken} of them untried\n`,
);
if (values.write && broken === 0) await writeFound(found, lists);
process.exitCode = survivors === 0 && found.length > 0 ? 0 : 1;
