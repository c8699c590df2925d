/**
 * `npm run check`: types, lint, format, unused code and the tidy tests, in one command.
 * The work is in `commands/check.mjs`, loaded only once this Node is known to be new enough to parse it.
 */
import { runWithSupportedNode } from './node-version.mjs';

runWithSupportedNode(() => import('./commands/check.mjs'));
