/**
 * `npm run bench`: prepares the clone, then runs the benchmarks.
 * The work is in `commands/bench.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/bench.mjs'));
