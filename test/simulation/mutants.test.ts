/**
 * The simulator finds the bugs that were planted: each mutant breaks a promise under the seed that `FOUND.md` has for
 * it, and the code without the bug survives that seed. And the tool that plants bugs does not deceive itself.
 */
import { availableParallelism } from 'node:os';
import t from 'tap';
import { Models } from '#cli/simulate/models';
import { runSeed } from '#runtime/simulation/run';
import { readFound } from './mutants/found.js';
import { mutantLists } from './mutants/lists.js';
import type { Mutant } from './mutants/mutant.js';
import type { Trial } from './mutants/trial.js';
import { tryMutants } from './mutants/try.js';

/** There are at least so many; raised with the lists. */
const LEAST_MUTANTS = 162;
const MOST_SEEDS = 2_000;
const LIMIT_MS = 200_000;

t.setTimeout(LIMIT_MS);

const lists = await mutantLists();
const found = await readFound();

t.test('every mutant of the lists has its seed in FOUND.md, within 2,000, and nothing else is there', async (t) => {
  const names = lists.flatMap(({ model, mutants }) => mutants.map(({ name }) => `${model}: ${name}`));
  t.same(found.map(({ model, mutant }) => `${model}: ${mutant}`).toSorted(), names.toSorted());
  t.same(
    found.filter(({ seed }) => seed === undefined || seed > MOST_SEEDS),
    [],
  );
  t.ok(names.length >= LEAST_MUTANTS, `${names.length} mutants`);
});

t.test('each mutant is found by its seed', async (t) => {
  const trials = lists.flatMap(({ model, mutants }) =>
    mutants
      .filter(({ slow }) => slow !== true)
      .map((mutant): Trial => {
        const seed = found.find((row) => row.model === model && row.mutant === mutant.name)?.seed ?? 1;
        return { model, modules: [], mutant, from: seed, seeds: 1 };
      }),
  );
  const count = Math.min(4, availableParallelism());
  const lanes = Array.from({ length: count }, (_, lane) => trials.filter((_trial, index) => index % count === lane));
  await Promise.all(
    lanes.map(async (lane) => {
      const results = await tryMutants(lane, LIMIT_MS);
      for (const [index, { model, mutant }] of lane.entries()) {
        const row = found.find((each) => each.model === model && each.mutant === mutant.name);
        const result = results[index];
        t.equal(result?.error, undefined, `${model}: ${mutant.name}`);
        t.equal(result?.found?.failure.invariant, row?.invariant, `${model}: ${mutant.name}, seed ${row?.seed}`);
      }
    }),
  );
});

t.test('the code without these bugs breaks nothing under the same seeds', async (t) => {
  const models = await Models.of([]);
  const seeds = new Set(found.map(({ model, seed }) => `${model} ${seed}`));
  for (const each of seeds) {
    const [model = '', seed] = each.split(' ');
    // oxlint-disable-next-line no-await-in-loop -- one thread runs them all
    const { failure } = runSeed(await models.load(model), Number(seed));
    t.equal(failure, undefined, each);
  }
});

const toy = new URL('./toy.js', import.meta.url).href;
const file = 'test/simulation/toy.js';
const onToy = (mutant: Omit<Mutant, 'file'> & { readonly file?: string }, seeds = 200): Trial => ({
  model: 'toy',
  modules: [toy],
  mutant: { file, ...mutant },
  from: 1,
  seeds,
});

t.test('a planted bug is found, and one process holds many, each with its own', async (t) => {
  const [first, second, third, none] = await tryMutants(
    [
      onToy({
        name: 'acknowledges what one node has',
        find: 'sorted[Math.floor(sorted.length / 2)]',
        replace: 'sorted[0]',
      }),
      onToy({ name: 'never sends again', find: 'this.#world.every(TICK_US', replace: 'this.#world.after(TICK_US' }),
      onToy({ name: 'trusts torn records', find: 'check === ~value ? value', replace: 'true ? value' }),
      onToy({ name: 'no bug at all', find: 'const WINDOW = 4', replace: 'const WINDOW = 5' }, 60),
    ],
    LIMIT_MS,
  );
  t.match(first, { found: { failure: { invariant: 'Durability' } } });
  t.match(second, { found: { failure: { invariant: 'Liveness' } } });
  t.equal(third?.error, undefined);
  t.match(none, { tried: 60 });
  t.equal(none?.found, undefined, 'it is the bug that is found, not the planting');
});

t.test('a text that occurs twice or not at all, and a file that is not loaded, are errors', async (t) => {
  const results = await tryMutants(
    [
      onToy({ name: 'nowhere', find: 'no such text', replace: '' }),
      onToy({ name: 'everywhere', find: 'return', replace: 'throw' }),
      onToy({ name: 'elsewhere', find: 'export', replace: '', file: 'cli/doctor/check.js' }),
      onToy({ name: 'no code', find: 'const WINDOW = 4', replace: 'const WINDOW =' }),
    ],
    LIMIT_MS,
  );
  t.match(
    results.map(({ error }) => error),
    [
      /occurs 0 times in test\/simulation\/toy\.js/,
      /occurs \d+ times/,
      /does not load cli\/doctor/,
      /could not be loaded/,
    ],
  );
});

t.test('a mutant that kills its process or never ends is told from those before it', async (t) => {
  const fine = onToy({ name: 'no bug at all', find: 'const WINDOW = 4', replace: 'const WINDOW = 5' }, 5);
  const deadly = onToy({ name: 'deadly', find: 'const majority = ', replace: 'process.exit(3); const majority = ' });
  t.match(await tryMutants([fine, deadly, fine], LIMIT_MS), [
    { tried: 5 },
    { error: /its process ended with 3/ },
    { error: /its process ended with 3/ },
  ]);
  const endless = onToy({ name: 'endless', find: 'const majority = ', replace: 'for (;;); const majority = ' });
  t.match(await tryMutants([endless], 1_000), [{ error: /its process did not end in 1 s/ }]);
});
