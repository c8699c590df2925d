/**
 * `npm run model:tiny`: prepares the clone, then trains the tiny model of `examples/models/` and writes its file.
 * The work is in `commands/model-tiny.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/model-tiny.mjs'));
