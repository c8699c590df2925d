/**
 * Resolves the dependencies of each package.json into its lock file and completes that for every platform. It installs
 * nothing; the next command does that.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from '../child.mjs';
import { completeLock } from '../lock-completion.mjs';
import { root } from '../prepare.mjs';
import { PrepareError, lastLines, say, step } from '../say.mjs';

/** Writes the lock files of skep and of the benchmarks' peers, and gives the exit code. */
export async function main() {
  for (const folder of [root, join(root, 'bench/peers')]) await lock(folder);
  return 0;
}

async function lock(folder) {
  await step(`resolving the dependencies of ${folder}`, async () => {
    const { code, output } = await capture('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
      cwd: folder,
    });
    if (code !== 0) throw new PrepareError(`npm could not resolve the dependencies:\n${lastLines(output, 20)}`);
  });
  const path = join(folder, 'package-lock.json');
  const resolved = JSON.parse(await readFile(path, 'utf8'));
  const added = completeLock(resolved);
  await writeFile(path, `${JSON.stringify(resolved, null, 2)}\n`);
  say(`added ${added.length} packages of other platforms that the registry at hand does not have`);
}
