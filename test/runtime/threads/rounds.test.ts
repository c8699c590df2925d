/**
 * An executor that dies or stalls while ten thousand actors live on it, again and again: what goes on, what comes back,
 * and what is left behind. SKEP_ROUNDS=100 makes it long; the run that is part of all tests is short.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import type { Round } from '#test/testdata/rounds-script';

const ROUNDS = Number(process.env['SKEP_ROUNDS'] ?? 5);
const ACTORS = 10_000;
/** Rounds until caches are full and code is compiled. */
const WARM = Math.min(20, Math.floor(ROUNDS / 2));
const script = fileURLToPath(new URL('../../testdata/rounds-script.js', import.meta.url));

/** Growth that is allowed from the warm rounds to the last, in bytes and as a share, whichever is more. */
const SLACK: Readonly<Record<string, readonly [bytes: number, share: number]>> = {
  heap: [500_000, 0.05],
  heap0: [500_000, 0.05],
  heap2: [500_000, 0.05],
  external: [1_000_000, 0.1],
  rss: [40_000_000, 0.15],
  files: [0, 0],
  threads: [0, 0],
  resources: [0, 0],
  ports: [0, 0],
};

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

t.test(
  'an executor that dies or stalls under ten thousand actors: others go on, all come back, calls end, nothing is left',
  { timeout: (60 + 20 * ROUNDS) * 1_000 },
  async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, `${ROUNDS}`, `${ACTORS}`], {
      timeout: (60 + 20 * ROUNDS) * 1_000,
      maxBuffer: 16 * 1_048_576,
    });
    const rounds = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Round);
    t.equal(rounds.length, ROUNDS, 'after each round all actors answered at the addresses that they had');
    for (const { round, how, ended, witnessed, witnessErrors } of rounds) {
      t.same(ended, { EXECUTOR_DOWN: 201 }, `round ${round}, ${how}: every call in flight ended with that code`);
      t.ok(witnessed > 10, `round ${round}: an actor of another executor answered ${witnessed} times meanwhile`);
      t.same(witnessErrors, [], `round ${round}: and always`);
    }
    const [warm, last] = [rounds.slice(WARM - 1, WARM + 2), rounds.slice(-3)];
    for (const [what, [bytes, share]] of Object.entries(SLACK)) {
      const [before, after] = [warm, last].map((some) => median(some.map(({ holds }) => holds[what] ?? 0)));
      if (before === undefined || after === undefined) throw new Error('unreachable');
      t.ok(after <= before + Math.max(bytes, share * before), `${what} is flat: ${before}, then ${after}`);
    }
  },
);
