/** The example of testing with virtual time runs as a program, and says what it says. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const program = fileURLToPath(new URL('../../examples/virtual-clock-test.js', import.meta.url));

function run(): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env };
  delete env['SKEP_SEED'];
  return spawnSync(process.execPath, [program], { encoding: 'utf8', env });
}

t.test('the example passes, covers both ways a task can end, and does the same each time', async (t) => {
  const first = run();
  t.equal(first.status, 0, first.stderr);
  t.match(first.stdout, /^a week: nudged 6 times, expired on day 7, silent for the four weeks after; \d+ steps$/m);
  const [, distinct, done, expired] =
    /^200 seeds: (\d+) different orders in \d+ steps; (\d+) done, (\d+) expired$/m.exec(first.stdout) ?? [];
  t.ok(Number(distinct) > 150, `${distinct} different orders`);
  t.ok(Number(done) > 0 && Number(expired) > 0, `${done} done, ${expired} expired`);
  t.equal(Number(done) + Number(expired), 1_000, 'five tasks in each of 200 runs');
  t.match(first.stdout, /^all held, in [\d.]+ s of real time$/m);
  const steady = (text: string): readonly string[] => text.split('\n').slice(0, 2);
  t.same(steady(run().stdout), steady(first.stdout));
});
