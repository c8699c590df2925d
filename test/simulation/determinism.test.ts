/** The same seed is the same run in another process, for every model that is shipped. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { shippedModels } from '#cli/simulate/models';

interface Line {
  readonly name: string;
  readonly runs: readonly { readonly hash: string; readonly events: number; readonly failure?: string }[];
}

const program = fileURLToPath(new URL('./hashes.js', import.meta.url));
const toy = fileURLToPath(new URL('./toy.js', import.meta.url));

async function hashes(): Promise<readonly Line[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, toy], { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

t.test('100 seeds of each model come to the same hashes in two processes', async (t) => {
  const [one, other] = await Promise.all([hashes(), hashes()]);
  t.same(
    one.map(({ name }) => name),
    [...shippedModels, 'toy'],
  );
  for (const [index, { name, runs }] of one.entries()) {
    t.same(other[index], { name, runs }, name);
    t.equal(runs.length, 100);
    t.equal(new Set(runs.map(({ hash }) => hash)).size, 100, `${name}: no two seeds are the same run`);
    t.same(
      runs.find(({ failure }) => failure !== undefined),
      undefined,
      `${name}: no violation`,
    );
  }
});
