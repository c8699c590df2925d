/**
 * Simulates from a clone. Without arguments it does what a change of a protocol has to survive before it is proposed; a
 * release takes `npm run simulate -- all --seeds 100000`.
 */
import { join } from 'node:path';
import { foreground } from '../child.mjs';
import { prepareClone, root } from '../prepare.mjs';

/** Runs the simulation with the arguments and gives its exit code. */
export async function main(args) {
  await prepareClone();
  const command = ['simulate', ...(args.length === 0 ? ['all', '--seeds', '2000'] : args)];
  return foreground(process.execPath, [join(root, 'dist/cli/main.js'), ...command]);
}
