/** Failed runs made smaller: ddmin as published, and plans of a protocol with a bug. */
import fc from 'fast-check';
import t from 'tap';
import { ddmin } from '#runtime/simulation/ddmin';
import { calm, rates } from '#runtime/simulation/knobs';
import { type Outcome, runSeed } from '#runtime/simulation/run';
import { shrink } from '#runtime/simulation/shrink';
import { toyModel } from './toy.js';

t.test('ddmin finds what has to be there together, and leaves out the rest', async (t) => {
  const items = Array.from({ length: 64 }, (_, index) => index);
  let tests = 0;
  const found = ddmin(items, (some) => {
    tests += 1;
    return [3, 17, 58].every((needed) => some.includes(needed));
  });
  t.same(found, [3, 17, 58]);
  t.ok(tests < 200, `${tests} tests`);
  t.same(
    ddmin(items, () => true),
    [],
    'what fails with nothing needs nothing',
  );
  t.same(
    ddmin([], () => true),
    [],
  );
});

t.test('what ddmin leaves fails, and no single item of it can be left out', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 30 }), fc.nat(9), fc.nat(9), (items, one, other) => {
      // Fails with both, or with three of the one: not monotone in single items.
      const fails = (some: readonly number[]): boolean =>
        (some.includes(one) && some.includes(other)) || some.filter((each) => each === one).length >= 3;
      if (!fails(items)) return true;
      const asked = new Set<string>();
      const left = ddmin(items, (some) => {
        asked.add(some.join());
        return fails(some);
      });
      return fails(left) && left.every((_, index) => !fails(left.toSpliced(index, 1)));
    }),
  );
  t.pass();
});

/** The first seed that fails, with many faults and operations in its plan. */
function firstFailure(model: ReturnType<typeof toyModel>): Outcome {
  for (let seed = 1; seed <= 500; seed += 1) {
    const outcome = runSeed(model, seed);
    if (outcome.failure !== undefined && outcome.plan.faults.length >= 4) return outcome;
  }
  throw new Error('no seed fails');
}

t.test('a lost write becomes one value, a power loss and what kept the others from having it', async (t) => {
  const model = toyModel('primary forgets to sync');
  const failed = firstFailure(model);
  const { plan, failure, runs } = shrink(model, failed);
  t.equal(failure.invariant, 'Durability');
  t.equal(plan.operations.length, 1);
  t.ok(failed.plan.faults.length >= 4 && plan.faults.length <= 2, JSON.stringify(plan.faults));
  const loss = plan.faults.find(({ kind, node }) => node === 0 && ['power', 'badsync'].includes(kind));
  t.ok(loss !== undefined && loss.forUs <= 1_000, JSON.stringify(loss));
  t.ok(rates.filter((rate) => plan.knobs[rate] !== calm[rate]).length <= 2, JSON.stringify(plan.knobs));
  t.ok(runs <= 300);
  t.same(runSeed(model, failed.seed, { plan }).failure, failure, 'the smaller plan is the smaller run');
});

t.test('the same failure becomes the same small run, and another failure does not count', async (t) => {
  const model = toyModel('throws on the third value');
  const failed = firstFailure(model);
  const first = shrink(model, failed);
  t.same(shrink(model, failed), first);
  t.equal(first.plan.operations.length, 3, 'two values before the third');
  t.same(first.plan.faults, []);
  t.match(first.failure.message, /^TypeError/);
});

t.test('it spends no more runs than it may, and what it has by then still fails', async (t) => {
  const model = toyModel('primary forgets to sync');
  const failed = firstFailure(model);
  const told: number[] = [];
  const { plan, failure, runs } = shrink(model, failed, { runs: 7, onRun: (count) => told.push(count) });
  t.equal(runs, 7);
  t.same(told, [1, 2, 3, 4, 5, 6, 7]);
  t.same(runSeed(model, failed.seed, { plan }).failure, failure);
  t.throws(() => shrink(toyModel(), runSeed(toyModel(), 1)), RangeError);
});

t.test('a run that is a storm is not tried three hundred times: events bound the search, too', async (t) => {
  const model = toyModel('primary forgets to sync');
  const failed = firstFailure(model);
  const { runs, failure } = shrink(model, failed, { events: 1 });
  t.equal(runs, 1, 'the run that is over the bound is the last');
  t.equal(failure.invariant, failed.failure?.invariant);
});
