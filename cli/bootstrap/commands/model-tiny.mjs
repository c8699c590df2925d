/** Trains the tiny model in a clone; `examples/models/README.md` says what comes of it. */
import { join } from 'node:path';
import { foreground } from '../child.mjs';
import { prepareClone, root } from '../prepare.mjs';

/** Runs the trainer with the arguments and gives its exit code. */
export async function main(args) {
  await prepareClone();
  return foreground(process.execPath, [join(root, 'dist/examples/models/train-tiny.js'), ...args]);
}
