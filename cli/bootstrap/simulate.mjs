/**
 * `npm run simulate`: prepares the clone, then simulates the protocols; all of them, 2,000 seeds each, without arguments.
 * The work is in `commands/simulate.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/simulate.mjs'));
