/**
 * Resolves the dependencies of package.json into the lock file and completes it for every platform. It installs nothing;
 * the next command does that.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from '../child.mjs';
import { completeLock } from '../lock-completion.mjs';
import { root } from '../prepare.mjs';
import { PrepareError, lastLines, say, step } from '../say.mjs';

/** Writes the lock file and gives the exit code. */
export async function main() {
  await step('resolving dependencies', async () => {
    const { code, output } = await capture('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
      cwd: root,
    });
    if (code !== 0) throw new PrepareError(`npm could not resolve the dependencies:\n${lastLines(output, 20)}`);
  });
  const path = join(root, 'package-lock.json');
  const lock = JSON.parse(await readFile(path, 'utf8'));
  const added = completeLock(lock);
  await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
  say(`added ${added.length} packages of other platforms that the registry at hand does not have`);
  return 0;
}
