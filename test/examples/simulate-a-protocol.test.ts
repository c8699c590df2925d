/** The example of a simulated protocol runs as a program and finds what it says; the command line takes its model. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { run } from '#test/support/cli';
import { runExample } from './run.js';

t.test(
  'a bank that persists before it confirms holds; one that does not is found out, with a plan one can read',
  async (t) => {
    const { code, lines, errors } = await runExample('simulate-a-protocol');
    t.equal(code, 0, errors);
    const [good = '', careless = '', ...rest] = lines;
    const [, bookings, faults] =
      /^500 seeds: (\d+) bookings and (\d+) faults in \d+ events, \d+ minutes of virtual time; no order was lost or booked twice$/.exec(
        good,
      ) ?? [];
    t.ok(Number(bookings) >= 2_500 && Number(faults) > 500, good);
    t.match(careless, /^a careless bank: seed \d+ breaks Exactly once: order \d was confirmed and is gone/);
    t.ok(
      rest.some((line) => /^ +\d+\.\d+ (power n2 for|kill n2 for)/.test(line)),
      rest.join('\n'),
    );
    const plan = rest.slice(0, rest.indexOf('  the end of its trace:'));
    const [, before, operations] = /the plan, (\d+) faults and (\d+) operations before/.exec(plan.join('\n')) ?? [];
    const left = plan.filter((line) => /^ +\d+\.\d{6} /.test(line)).length;
    t.ok(left >= 2 && left < Number(before) + Number(operations), `${left} of ${before} and ${operations}`);
  },
);

t.test('its model runs under skep simulate', async (t) => {
  const module = fileURLToPath(new URL('../../examples/simulate-a-protocol.js', import.meta.url));
  const { code, stdout, stderr } = await run(['simulate', 'orders', '--module', module, '--seeds', '100'], {
    cwd: t.testdir({}),
  });
  t.equal(code, 0, stderr);
  t.match(stdout, /1 to 100: no violation/);
});
