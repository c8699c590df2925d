/**
 * PBFT groups under simulation, a few seeds of what campaigns run by the thousand: up to f replicas lie, collude or run
 * twice, correct ones crash and are cut off, and what the paper promises holds after every event.
 */
import t from 'tap';
import type { Model } from '#runtime/simulation/model';
import { pbftModel, pbftModelWith } from '#runtime/simulation/pbft/index';
import { type Outcome, planOf, runSeed } from '#runtime/simulation/run';

const model = pbftModel as Model;

function told({ seed, failure, plan }: Outcome): string {
  return failure === undefined ? '' : `seed ${seed} ${failure.message} ${JSON.stringify(plan.setup)}`;
}

t.test(
  'f liars, twins, crashes and partitions: agreement, order, proofs and answers hold, and every request is answered',
  (t) => {
    const met = new Map<string, number>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const outcome = runSeed(model, seed);
      t.equal(told(outcome), '');
      for (const [what, count] of outcome.sometimes) met.set(what, (met.get(what) ?? 0) + count);
    }
    for (const what of [
      'request answered',
      'view entered',
      'checkpoint stable',
      'state restored',
      'lie: equivocation',
      'forged message dropped',
    ])
      t.ok(met.get(what), `${what} was met`);
    t.end();
  },
);

t.test('a seed is a run: the same events, twice', (t) => {
  for (const seed of [3, 4]) t.equal(runSeed(model, seed).hash, runSeed(model, seed).hash);
  t.not(runSeed(model, 3).hash, runSeed(model, 4).hash);
  t.end();
});

t.test('more than f faulty replicas are never planned: of f + 1 nothing is claimed', (t) => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const { setup, rotten } = planOf(model, seed);
    const { settings, liars, twins } = setup as {
      readonly settings: { readonly replicas: number };
      readonly liars: readonly { readonly replica: number }[];
      readonly twins: readonly number[];
    };
    const faulty = new Set([...liars.map(({ replica }) => replica), ...twins, ...rotten]);
    if (faulty.size > (settings.replicas - 1) / 3) t.fail(`seed ${seed} has ${faulty.size} faulty replicas`);
  }
  t.end();
});

t.test('with Ed25519 and SHA-256 the same holds', (t) => {
  const real = pbftModelWith('ed25519', 1_500_000) as Model;
  for (let seed = 1; seed <= 3; seed += 1) {
    const outcome = runSeed(real, seed);
    t.equal(told(outcome), '');
    t.ok(outcome.events > 100);
  }
  t.end();
});
