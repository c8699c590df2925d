/**
 * For any schedule, with an honest majority, the swarm gives what one honest machine would give. A failing world is
 * printed as a seed and a path; FC_SEED and FC_PATH replay it.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { runWorld, sequential, type WorldPlan, type WorldRun } from './world.js';

const { FC_SEED, FC_PATH } = process.env;
const replay = {
  ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
  ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
};

const verify = fc.constantFrom('claims' as const, 'all' as const, 'none' as const);
const plan: fc.Arbitrary<WorldPlan> = fc.record({
  seed: fc.integer({ min: 0, max: 0x7fffffff }),
  nodes: fc.integer({ min: 1, max: 4 }),
  steadfast: fc.integer({ min: 3, max: 6 }),
  fickle: fc.integer({ min: 0, max: 4 }),
  liars: fc.integer({ min: 0, max: 2 }),
  shards: fc.integer({ min: 0, max: 24 }),
  verify: fc.record({ list: verify, scan: verify, merge: verify }),
  spotCheckEvery: fc.constantFrom(0, 1, 8),
  poisonSource: fc.constant(false),
});

/** Everything that must hold of a finished job, as one text, so that fast-check prints what broke. */
function complaints({ plan: world, state, effects, steps, breaches }: WorldRun): readonly string[] {
  const { account } = state;
  const finished = effects.filter((effect) => effect.type === 'finished');
  const output = finished[0]?.output;
  const found = [...breaches];
  if (finished.length !== 1 || effects.at(-1)?.type !== 'finished') {
    found.push(`ended ${state.phase} after ${steps} steps: ${JSON.stringify(state.failure)}`);
  } else if (!isDeepStrictEqual(output, sequential(world))) {
    found.push(`gave ${JSON.stringify(output)} and not ${JSON.stringify(sequential(world))}`);
  }
  if (account.completed !== account.total) {
    found.push(`lost ${account.total - account.completed} tasks`);
  }
  return found;
}

t.test(
  'agents that are late, twice, gone, broken or lying: the result of the sequential run, each task once',
  async (t) => {
    const seen = { rerun: 0, duplicates: 0, outvoted: 0, disputed: 0 };
    fc.assert(
      fc.property(plan, (world) => {
        const run = runWorld(world);
        const { rerun, duplicatesIgnored, outvoted, disputed } = run.state.account;
        seen.rerun += rerun;
        seen.duplicates += duplicatesIgnored;
        seen.outvoted += outvoted.length;
        seen.disputed += disputed;
        const found = complaints(run);
        if (found.length > 0) {
          throw new Error(found.join('\n'));
        }
      }),
      { numRuns: 1_000, ...replay },
    );
    if (FC_PATH === undefined) {
      t.ok(
        Object.values(seen).every((count) => count > 50),
        `the worlds were rough enough: ${JSON.stringify(seen)}`,
      );
    }
  },
);

t.test('a lie about an unverified list spoils nothing once its teller is outvoted', async (t) => {
  const poisonous = plan.map((world) => ({
    ...world,
    poisonSource: true,
    liars: Math.max(1, world.liars),
    verify: { ...world.verify, list: 'none' as const, scan: 'all' as const },
  }));
  const seen = { mended: 0, tainted: 0 };
  fc.assert(
    fc.property(poisonous, (world) => {
      const run = runWorld(world);
      seen.tainted += run.tainted ? 1 : 0;
      seen.mended +=
        !run.tainted &&
        run.effects.some(
          (effect) =>
            effect.type === 'assign' &&
            effect.task === 'list' &&
            effect.attempt > 1 &&
            run.state.account.outvoted.length > 0,
        )
          ? 1
          : 0;
      const found = run.tainted ? run.breaches : complaints(run);
      if (found.length > 0) {
        throw new Error(found.join('\n'));
      }
    }),
    { numRuns: 1_000, ...replay },
  );
  if (FC_PATH === undefined) {
    t.ok(seen.mended > 10, `lists were made again: ${JSON.stringify(seen)}`);
  }
});
