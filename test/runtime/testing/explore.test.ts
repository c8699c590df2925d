/** Exploration finds what a plain run does not, and what it finds can be had again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { explore, ExplorationError, type Exploration } from '#runtime/testing/index';
import t from 'tap';
import { counter, relay } from './actors.js';
import { exploreBank } from './planted-bug.js';

// The explorations below are of all their seeds, whatever this run was asked for.
delete process.env['SKEP_SEED'];

const program = fileURLToPath(new URL('./planted-bug.js', import.meta.url));

/** The error of an exploration that fails. */
async function failureOf(work: Promise<unknown>): Promise<ExplorationError> {
  const error: unknown = await work.then(
    () => assert.fail('the exploration found nothing'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ExplorationError, String(error));
  return error;
}

t.test('a bug of ordering that a run in order of arrival never shows is found within 1,000 seeds', async (t) => {
  const inOrder = await exploreBank('hasty', 'fifo');
  t.equal(inOrder.seeds, 1_000);
  t.equal(inOrder.distinct, 1, 'every run in order of arrival is the same');
  const error = await failureOf(exploreBank('hasty'));
  t.ok(error.seed <= 1_000, `seed ${error.seed}`);
  t.match(error.cause, { message: /the deposit is in the account/ });
  t.match(error.message, `SKEP_SEED=${error.seed} npm test -- `);
  t.match(error.message, /npm test -- \S*test\/runtime\/testing\/planted-bug\.[jt]s\n/, 'the file that explores');
  t.match(error.message, /ledger .*: cast deposit \{"customer":"ada","amount":10\}/, 'the tail of the trace');
});

t.test('the version without the bug passes all 1,000 seeds, in many different orders', async (t) => {
  const report = await exploreBank('patient');
  t.equal(report.seeds, 1_000);
  t.ok(report.distinct > 100, `${report.distinct} different runs`);
});

t.test('a failing seed fails again in another process by SKEP_SEED, with the same steps', async (t) => {
  const error = await failureOf(exploreBank('hasty'));
  const env = { ...process.env, SKEP_SEED: String(error.seed) };
  const { status, stdout } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
  t.equal(status, 1);
  const again = JSON.parse(stdout) as { seed: number; traceHash: string; message: string };
  t.equal(again.seed, error.seed);
  t.equal(again.traceHash, error.traceHash);
  t.match(again.message, /1 tried\): .*the deposit is in the account/s, 'that seed and no other was run');
});

t.test('a seed under which nothing is wrong passes alone', async (t) => {
  const { seed } = await failureOf(exploreBank('hasty'));
  t.ok(seed > 1, `the first seed that fails is ${seed}`);
  const env = { ...process.env, SKEP_SEED: String(seed - 1) };
  const { status, stdout } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { seeds: 1, distinct: 1 });
});

t.test('a scenario that waits for nothing is a failure of its seed', async (t) => {
  const code = `
    import { explore } from '#runtime/testing/index';
    await explore({ seeds: 3, scenario: () => new Promise(() => {}) }).catch((error) => {
      process.stdout.write(error.seed + ' ' + error.cause.code);
    });`;
  const options = { encoding: 'utf8', cwd: fileURLToPath(new URL('../../../../', import.meta.url)) } as const;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], options);
  t.equal(stdout, '1 TEST_STUCK');
});

t.test('the chance of a scenario comes from its seed and leaves the order of steps as it is', async (t) => {
  const drawn: number[][] = [[], []];
  const scenario =
    (run: number): Exploration['scenario'] =>
    async (system, random) => {
      const ref = await system.spawn(counter, { start: 0 });
      drawn[run]?.push(random.below(1_000_000));
      await ref.call('add', { by: 1 });
    };
  const options = { definitions: [counter, relay], executors: 2 };
  const first = await explore({ seeds: 20, from: 5, options, scenario: scenario(0) });
  const second = await explore({ seeds: 20, from: 5, options, scenario: scenario(1) });
  t.same(drawn[0], drawn[1]);
  t.equal(new Set(drawn[0]).size, 20);
  t.same(first, second);
});

t.test('numbers out of range are refused, those of SKEP_SEED too', async (t) => {
  const scenario = async () => {};
  await t.rejects(explore({ scenario, seeds: 0 }), { code: 'BAD_USAGE', message: /seeds/ });
  await t.rejects(explore({ scenario, from: -1 }), { code: 'BAD_USAGE', message: /seed/ });
  process.env['SKEP_SEED'] = '12x';
  t.teardown(() => void delete process.env['SKEP_SEED']);
  await t.rejects(explore({ scenario }), { code: 'BAD_USAGE', message: /SKEP_SEED is "12x"/ });
});
