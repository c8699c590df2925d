/**
 * Starts skep from a clone. Without arguments it audits this very folder, so that the first command anyone types shows
 * what skep does on a real repository.
 */
import { join } from 'node:path';
import { foreground } from '../child.mjs';
import { prepareClone, preparePrograms, root } from '../prepare.mjs';

/** Runs skep with the arguments and gives its exit code. */
export async function main(args) {
  await prepareClone();
  const env = await preparePrograms({ natsServer: 'wanted' });
  return foreground(
    process.execPath,
    [join(root, 'dist/cli/main.js'), ...(args.length === 0 ? ['audit', '.'] : args)],
    { env },
  );
}
