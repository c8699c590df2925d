/** The example as a reader runs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

t.test('the example of event sourcing ends with the balance that it expects', async (t) => {
  const program = fileURLToPath(new URL('../../examples/event-sourcing.js', import.meta.url));
  // Rejects when it ends with another code than 0.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { timeout: 120_000 });
  t.equal(stderr, '');
  const lines = stdout.trim().split('\n');
  t.match(lines[0], /^killed with SIGKILL after (3\d|[4-9]\d|100) of 100 payments were acknowledged$/);
  t.match(lines[1], /^recovered (3\d|[4-9]\d|100) payments, \d+ cents: none of those is lost$/);
  t.match(lines[2], /^repeating the \d+ without an answer under their old ids$/);
  t.equal(lines[3], 'balance 5050 cents, expected 5050');
  t.equal(lines.length, 4);
});
