/**
 * `npm test`: prepares the clone, then runs the tests whose names contain one of the filters given.
 * The work is in `commands/test.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/test.mjs'));
