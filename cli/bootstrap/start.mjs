/**
 * `npm start`: prepares the clone, then runs skep (by default an audit of this folder).
 * The work is in `commands/start.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/start.mjs'));
