/** Campaigns: sums that do not depend on how they are cut, vacuous ones, and `simulate` as authors of protocols use it. */
import t from 'tap';
import { addTallies, faultsOf, hardShare, noRuns, runSeeds, vacuity } from '#runtime/simulation/campaign';
import { simulate, SimulationError, VacuousSimulation } from 'skep/testing';
import { toyModel } from './toy.js';

const toy = toyModel();

t.test('a campaign in batches comes to the same sums as one in a row', async (t) => {
  const whole = runSeeds(toy, 1, 60).tally;
  const parts = [runSeeds(toy, 41, 20), runSeeds(toy, 1, 7), runSeeds(toy, 8, 33)];
  const sum = parts.reduce((before, { tally }) => addTallies(before, tally), noRuns);
  const plain = (tally: typeof whole) => ({ ...tally, sometimes: Object.fromEntries(tally.sometimes) });
  t.same(plain(sum), plain(whole));
  t.equal(whole.runs, 60);
  t.equal(
    whole.byFaults.reduce((count, runs) => count + runs, 0),
    60,
  );
  t.ok(faultsOf(whole) > 60);
  t.ok(hardShare(whole) > 0.3, `${hardShare(whole)} of the runs had three faults or more`);
});

t.test('a batch ends at the first seed that fails', async (t) => {
  const { tally, failed } = runSeeds(toyModel('rests for ever'), 5, 20);
  t.match(failed, { seed: 5, failure: { invariant: 'Liveness' } });
  t.equal(tally.runs, 1);
});

t.test('a long campaign that never met what the model names is vacuous, a short one is not', async (t) => {
  const { tally } = runSeeds(toy, 1, 60);
  t.same(vacuity(toy, tally, 60), []);
  const model = { ...toy, sometimes: [...toy.sometimes, 'leader elected'], faults: [...toy.faults, 'jump' as const] };
  t.same(vacuity(model, tally, 60), ['never met: leader elected', 'never met: fault jump']);
  t.same(vacuity(model, tally, 61), []);
  t.match(vacuity(toy, { ...tally, byFaults: [43, 0, 0, 17] }, 60), [/^28 % of the runs had 3 faults or more/]);
});

t.test('simulate runs so many seeds, and says what it saw', async (t) => {
  const { runs, events, distinct, faults } = simulate(toy, { seeds: 30, from: 10 });
  t.equal(runs, 30);
  t.equal(distinct, 30);
  t.ok(events > 3_000 && faults > 30);
  t.throws(() => simulate({ ...toy, sometimes: ['a unicorn'] }, { seeds: 5, leastSeeds: 5 }), VacuousSimulation);
  t.throws(() => simulate(toy, { seeds: 0 }), { code: 'BAD_USAGE' });
});

t.test(
  'a failure names the promise, the seed, the command that runs it again, the small plan and the trace',
  async (t) => {
    const model = toyModel('primary forgets to sync');
    const error = t.throws(() => simulate(model, { seeds: 500 })) as unknown as SimulationError;
    t.ok(error instanceof SimulationError);
    const { seed, message, replay, plan, failure, trace } = error;
    t.match(
      message,
      new RegExp(
        `^seed ${seed} breaks Durability: .* \\(${seed} tried\\)\n  again: SKEP_SEED=${seed} npm test -- .*campaign\\.test`,
      ),
    );
    t.match(replay, /campaign\.test/);
    t.equal(failure.invariant, 'Durability');
    t.equal(plan.operations.length, 1);
    t.match(message, /(power|badsync) n1 for/);
    t.ok(trace.some((line) => /fault|synced/.test(line)));
  },
);

t.test('SKEP_SEED runs one seed alone', async (t) => {
  t.teardown(() => delete process.env['SKEP_SEED']);
  process.env['SKEP_SEED'] = '17';
  t.equal(simulate(toy, { seeds: 30 }).runs, 1);
});
