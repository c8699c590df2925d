/**
 * `npm run lock`: writes `package-lock.json` anew after a change of dependencies, complete for every platform.
 * The work is in `commands/lock.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/lock.mjs'));
