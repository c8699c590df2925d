/**
 * Runs the benchmarks from a clone. A benchmark across nodes measures the real transport, so the server is required.
 */
import { join } from 'node:path';
import { foreground } from '../child.mjs';
import { prepareClone, preparePeers, preparePrograms, root } from '../prepare.mjs';

/** Runs the benchmark harness with the arguments and gives its exit code. */
export async function main(args) {
  await prepareClone();
  await preparePeers();
  const env = await preparePrograms({ natsServer: 'required' });
  return foreground(process.execPath, [join(root, 'dist/bench/main.js'), ...args], { cwd: root, env });
}
