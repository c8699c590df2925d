/** The example on back-pressure, run as a reader would run it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

t.test('the example on streams ends by itself, with everything read, nothing refused and nothing lost', async (t) => {
  const script = fileURLToPath(new URL('../../examples/streams.js', import.meta.url));
  // Rejects when it does not end with 0, or not at all. On a busy machine it may warn of a slow turn, on stderr.
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 100_000 });
  const [stream = '', casts = '', mill = '', ...rest] = stdout.trim().split('\n');
  const ahead = Number(/read 1000 of .* made (\d+) more/.exec(stream)?.[1]);
  t.ok(ahead >= 0 && ahead <= 256, stream);
  const waits = Number(/^casts: 5000 sent, told to wait (\d+) times, 0 refused$/.exec(casts)?.[1]);
  t.ok(waits > 10, casts);
  t.equal(mill, 'mill: ground 5000, sum right');
  t.same(rest, []);
});
